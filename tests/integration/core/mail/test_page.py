"""The page that shows what the local twin wrote."""

import pytest

from mainspring.core import ids
from mainspring.core.mail import Mailbox, Message
from mainspring.core.mail.folder import MailFolder
from mainspring.core.mail.page import ON_A_PAGE
from mainspring.core.settings import Settings
from mainspring.entrypoints.http import create_app

pytestmark = pytest.mark.anyio


async def sent(application, subject="Hello", text="Hello.", html="<html><head></head><body><p>Hello.</p></body></html>"):
    message = Message(Mailbox("ada@example.com", "Ada"), subject, text, html)
    await application.resolve(MailFolder).send(message)
    return message


async def test_the_newest_mail_stands_first(app, application):
    await sent(application, "First")
    await sent(application, "Second")

    page = (await app.get("/mail")).text

    assert page.index("Second") < page.index("First")


async def test_an_empty_folder_says_what_to_do(app):
    assert "No mail yet" in (await app.get("/mail")).text


async def test_older_mail_is_on_the_next_page(app, application):
    oldest = await sent(application, "The oldest one")
    last_on_page = await sent(application)
    for _ in range(ON_A_PAGE - 1):
        await sent(application)

    first, second = await app.get("/mail"), await app.get(f"/mail?before={last_on_page.id}")

    assert f"/mail?before={last_on_page.id}" in first.text
    assert str(oldest.id) not in first.text
    assert str(oldest.id) in second.text


async def test_what_a_mail_says_is_never_part_of_the_page(app, application):
    hostile = "</title></pre><script>alert(1)</script>"
    message = await sent(application, hostile, hostile, f"<html><head></head>{hostile}</html>")

    pages = [await app.get(f"/mail/{message.id}?view={view}") for view in ("html", "text", "source")]

    for page in [await app.get("/mail"), *pages]:
        assert page.status_code == 200
        assert "<script" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


async def test_html_is_shown_in_a_sandbox(app, application):
    message = await sent(application)

    page = await app.get(f"/mail/{message.id}")
    inner = await app.get(f"/mail/{message.id}/html")

    assert f'<iframe src="/mail/{message.id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    policy = inner.headers["content-security-policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy + page.text
    assert "allow-same-origin" not in policy + page.text
    assert inner.headers["x-frame-options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in inner.text


async def test_a_mail_without_html_is_shown_as_text(app, application):
    message = await sent(application, html=None)

    assert "<pre>Hello." in (await app.get(f"/mail/{message.id}")).text
    assert (await app.get(f"/mail/{message.id}/html")).status_code == 404


async def test_there_is_nothing_behind_an_unknown_id(app):
    assert (await app.get(f"/mail/{ids.new()}")).status_code == 404
    assert (await app.get("/mail/..%2F..%2Fkeys")).status_code in (404, 422)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("192.168.1.4:8000", 200),
        ("app.localhost", 200),
        ("rebound.evil.example", 404),
        ("localhost.evil.example", 404),
    ],
)
async def test_a_name_of_another_site_finds_nothing(app, application, host, status):
    message = await sent(application)

    for path in ("/mail", f"/mail/{message.id}", f"/mail/{message.id}/html"):
        assert (await app.get(path, headers={"Host": host})).status_code == status


async def test_production_has_no_such_page(application):
    production = application.settings.model_copy(update={"app_env": "production"})
    assert isinstance(production, Settings)
    application.settings = production

    paths = {path for _, path, _ in create_app(application).plans}

    assert not [path for path in paths if path.startswith("/mail")]
