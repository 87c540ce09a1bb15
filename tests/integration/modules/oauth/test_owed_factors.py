"""Whoever has to prove a second factor and did not lets no client in (`MFA__REQUIRED_ROLES`)."""

import pytest

from .browser import Browser, back


@pytest.fixture
def environment():
    return {"MFA__REQUIRED_ROLES": "moderator", "RATE_LIMITS": "off"}


async def test_a_page_session_that_owes_a_factor_gives_no_code(app, client):
    user, browser = await app.sign_up(), Browser(app)
    await app.give_role(user, "moderator")
    consent = await browser.sign_in(await browser.get(client.request()), user)

    told = back(await browser.fill(consent, decision="allow"))

    assert told["error"] == "access_denied"
    assert "code" not in told
