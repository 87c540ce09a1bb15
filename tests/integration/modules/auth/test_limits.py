"""Five failures in 15 minutes at any public door under /auth, whichever they were (R-163)."""

import pytest

from mainspring.testing.client import PASSWORD

from .software_authenticator import SoftwareAuthenticator

AUTH = "/api/v1/auth"
TAKEN = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada Lovelace"}
REFUSED = {
    "login": ({"email": "ada@example.com", "password": "wrong password"}, 401),
    "refresh": ({"refreshToken": "a" * 43}, 401),
    "register": (TAKEN, 409),
    "verify-email": ({"token": "a" * 64}, 401),
    "reset-password": ({"token": "a" * 64, "newPassword": "another long password"}, 401),
    "magic-link/verify": ({"token": "a" * 64}, 401),
    "change-email/confirm": ({"token": "a" * 64}, 401),
    "mfa/verify": ({"mfaToken": "a" * 64, "code": "123456"}, 401),
    "passkeys/login/options": ({"mfaToken": "a" * 64}, 401),
    "social/exchange": ({"code": "a" * 64}, 401),
    "passkeys/login/verify": ({"credential": SoftwareAuthenticator().use({"challenge": "a" * 43})}, 401),
}
ALIKE = {"verify-email/resend", "forgot-password", "magic-link"}  # they count tries, see test_mailed_links.py
# any page can send a visitor's browser there, who must not be locked out by it; nobody guesses what they take
NOT_COUNTED = {"social/{provider}/callback", "social/{provider}/backchannel-logout"}


async def statuses(app, ada) -> dict[str, int]:
    """What each door answers to what it would let in."""
    right = {
        "login": {"email": ada.email, "password": PASSWORD},
        "refresh": {"refreshToken": ada.refresh_token},
        "register": TAKEN | {"email": "new@example.com"},
    }
    return {door: (await app.post(f"{AUTH}/{door}", json=body)).status_code for door, body in right.items()}


@pytest.mark.parametrize("door", REFUSED)
async def test_after_five_failures_at_one_door_all_are_shut(app, ada, door):
    body, refused = REFUSED[door]

    answers = [await app.post(f"{AUTH}/{door}", json=body) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [refused] * 5 + [429]
    assert 0 < int(answers[5].headers["retry-after"]) <= 900
    assert await statuses(app, ada) == {"login": 429, "refresh": 429, "register": 429}


async def test_failures_at_different_doors_add_up(app, ada):
    for door in ("login", "refresh", "register", "refresh", "login"):
        await app.post(f"{AUTH}/{door}", json=REFUSED[door][0])

    assert set((await statuses(app, ada)).values()) == {429}


async def test_whoever_invents_an_address_is_counted_for_his_own(app, ada):
    # R-166, D-28: nobody is configured as a proxy, so what a request says about its way is worth nothing
    invented = [
        {"X-Forwarded-For": "203.0.113.1"},
        {"X-Forwarded-For": "203.0.113.2, 203.0.113.3"},
        {"Forwarded": "for=203.0.113.4"},
        {"X-Real-IP": "203.0.113.5"},
        {"CF-Connecting-IP": "203.0.113.6"},
        {"True-Client-IP": "203.0.113.7"},
    ]

    answers = [await app.post(f"{AUTH}/login", json=REFUSED["login"][0], headers=headers) for headers in invented]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert set((await statuses(app, ada)).values()) == {429}


async def test_a_body_that_breaks_a_rule_is_no_guess(app, ada):
    weak = TAKEN | {"email": "new@example.com", "password": "password"}
    for _ in range(6):
        assert (await app.post(f"{AUTH}/register", json=weak)).status_code == 422
        assert (await app.post(f"{AUTH}/refresh", json={"refreshToken": 5})).status_code == 422

    assert await statuses(app, ada) == {"login": 200, "refresh": 200, "register": 201}


async def test_every_public_door_is_tried_here(app):
    public = {path for method, path, plan in app.program.plans if method == "POST" and AUTH in path and not plan.guards}

    assert public == {f"{AUTH}/{door}" for door in {*REFUSED, *ALIKE, *NOT_COUNTED}}


class TestSilent:
    """Where registering is silent about a known address, the limit tells nothing either (D-11)."""

    @pytest.fixture
    def environment(self):
        return {"AUTH__REGISTRATION": "silent"}

    async def test_a_known_address_is_not_counted(self, app):
        answers = [await app.post(f"{AUTH}/register", json=TAKEN) for _ in range(7)]

        assert {answer.status_code for answer in answers} == {201}
