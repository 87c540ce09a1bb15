"""Sessions with device and place, and the mail about a device that was not seen before (ASVS 6.3.5)."""

import pytest

from mainspring.modules.auth.ports import PlaceFinder
from mainspring.testing.client import PASSWORD

from .mailbox import Mailbox

AUTH = "/api/v1/auth"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
NEW_DEVICE = "A new device signed in to your account"


class Berlin:
    """Everybody is there."""

    def place_of(self, address):
        return "Berlin, Germany" if address == "203.0.113.9" else None


@pytest.fixture
def environment():
    return {"TRUSTED_PROXIES": "127.0.0.1"}


async def login(app, user, agent=FIREFOX, address="203.0.113.9", **headers):
    sent = {"User-Agent": agent, "X-Forwarded-For": address, **headers}
    answer = await app.post(f"{AUTH}/login", json={"email": user.email, "password": PASSWORD}, headers=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def notices(app, user):
    return [mail for mail in await Mailbox(app, user.email).mails() if mail.subject == NEW_DEVICE]


async def test_sessions_show_device_and_place(app, ada):
    app.application.ports.singleton(PlaceFinder, Berlin)
    await login(app, ada)

    sessions = (await app.as_(ada).get(f"{AUTH}/sessions", params={"sort": "-createdAt"})).json()["data"]

    newest = {name: sessions[0][name] for name in ("device", "userAgent", "ipAddress", "place", "current")}
    assert newest == {
        "device": "Firefox on Linux",
        "userAgent": FIREFOX,
        "ipAddress": "203.0.113.9",
        "place": "Berlin, Germany",
        "current": False,
    }
    assert sessions[1]["place"] is None


async def test_the_owner_is_told_of_a_device_that_was_not_seen_before(app, ada):
    app.application.ports.singleton(PlaceFinder, Berlin)
    assert await notices(app, ada) == []

    await login(app, ada)

    (mail,) = await notices(app, ada)
    assert "Firefox on Linux from Berlin, Germany (203.0.113.9)" in " ".join(mail.text.split())


async def test_a_device_is_told_once(app, ada):
    token = (await login(app, ada))["deviceToken"]
    await login(app, ada)
    await login(app, ada, address="198.51.100.7", **{"X-Device-Token": token})

    assert len(await notices(app, ada)) == 1


async def test_the_same_program_elsewhere_is_another_device(app, ada):
    await login(app, ada)
    await login(app, ada, address="198.51.100.7")

    assert len(await notices(app, ada)) == 2


async def test_the_device_of_another_user_is_no_excuse(app, ada, bob):
    token = (await login(app, bob))["deviceToken"]

    await login(app, ada, **{"X-Device-Token": token})

    assert len(await notices(app, ada)) == 1
