"""Doors that must not tell whether an address has an account answer alike, to the letter (D-11). Time is in tests/load."""

import pytest

from mainspring.modules.users.service import UserService
from mainspring.testing.client import PASSWORD

from .mailbox import Mailbox

AUTH = "/api/v1/auth"
VARY = {"x-request-id", "content-length", "location", "etag"}  # of any two answers about accounts; that they are there counts
NAMES = {
    "id": "an id",
    "createdAt": "a time",
    "updatedAt": "a time",
    "email": "the address",
}  # what any two accounts differ in
DOORS = ("login", "register", "forgot-password", "magic-link", "verify-email/resend")


@pytest.fixture
def environment():
    return {"AUTH__REGISTRATION": "silent", "RATE_LIMITS": "off"}


@pytest.fixture
async def addresses(app):
    """Somebody who proved the address, one who did not yet, one who was disabled, and nobody."""
    for name in ("proved", "fresh", "disabled"):
        wish = {"email": f"{name}@example.com", "password": PASSWORD, "name": "Ada Lovelace"}
        assert (await app.post(f"{AUTH}/register", json=wish)).status_code == 201
    token = await Mailbox(app, "proved@example.com").secret("verify-email")
    assert (await app.post(f"{AUTH}/verify-email", json={"token": token})).status_code == 204
    async with app.application.unit() as uow:
        await UserService(uow).set_active((await UserService(uow).of_address("disabled@example.com")).id, False)
    return ["proved@example.com", "fresh@example.com", "disabled@example.com", "nobody@example.com"]


def body_of(door, email):
    if door == "login":
        return {"email": email, "password": "not the password"}
    if door == "register":
        return {"email": email, "password": "another long password", "name": "Eve"}
    return {"email": email}


def seen(answer, email):
    """All that a stranger can compare."""
    told = answer.json()
    body = (
        {name: NAMES.get(name, value) for name, value in told.items()}
        if "error" not in told
        else told["error"] | {"requestId": ""}
    )
    headers = {name: "" if name in VARY else value for name, value in answer.headers.items()}
    return answer.status_code, str(body).replace(email, "the address"), sorted(headers.items())


@pytest.mark.parametrize("door", DOORS)
async def test_every_address_gets_the_same_status_body_and_headers(app, addresses, door):
    told = [seen(await app.post(f"{AUTH}/{door}", json=body_of(door, email)), email) for email in addresses]

    assert told[0][0] == {"login": 401, "register": 201}.get(door, 202)
    assert told == [told[0]] * len(addresses)
