"""At most ten tries at the password of an account in 15 minutes, whatever the door and the network (D-29)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from mainspring.core import clock
from mainspring.core.security.passwords import Passwords
from mainspring.modules.auth.devices import LIFE, device_of, token_for
from mainspring.modules.auth.service import PasswordGuessService
from mainspring.testing.client import PASSWORD

from .mailbox import Mailbox

AUTH = "/api/v1/auth"
NEW = "another correct horse battery"
NOBODY = "nobody@example.com"


class CountingPasswords:
    """Counts how many passwords were looked at."""

    def __init__(self, real):
        self.real, self.looked = real, 0

    async def hash(self, password):
        return await self.real.hash(password)

    async def verify(self, password, stored):
        self.looked += 1
        return await self.real.verify(password, stored)


@pytest.fixture
def environment():
    return {"TRUSTED_PROXIES": "127.0.0.1"}


@pytest.fixture
def passwords(app):
    counting = CountingPasswords(app.application.resolve(Passwords))
    app.application.ports.register(Passwords, lambda: counting)
    return counting


async def login(app, email, password="wrong password", number=0, **headers):
    """From a network of its own, so that only the budget of the account counts."""
    headers["X-Forwarded-For"] = f"198.51.{number // 250}.{number % 250}"
    return await app.post(f"{AUTH}/login", json={"email": email, "password": password}, headers=headers)


async def use_up(app, email):
    for number in range(10):
        assert (await login(app, email, number=number)).status_code == 401


@pytest.mark.parametrize("email", ["ada@example.com", NOBODY])
async def test_the_eleventh_try_from_anywhere_is_not_looked_at(app, ada, passwords, email):
    await use_up(app, email)

    answer = await login(app, email, PASSWORD, number=11)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert passwords.looked == 10


async def test_fifty_at_once_from_fifty_networks_are_no_fifty_guesses(app, ada, passwords):
    for number in range(3):
        passwords.looked = 0
        email = (await app.sign_up(f"round{number}@example.com")).email
        looked_at_sign_up = passwords.looked

        answers = await asyncio.gather(*(login(app, email, number=100 * number + guess) for guess in range(50)))

        assert sorted({answer.status_code for answer in answers} - {503}) == [401, 429]
        assert passwords.looked - looked_at_sign_up <= 10


async def test_every_door_draws_on_the_same_budget(app, ada, passwords):
    wrong = "wrong password"
    doors = [
        ("login", {"email": ada.email, "password": wrong}),
        ("change-password", {"currentPassword": wrong, "newPassword": NEW}),
        ("change-email", {"newEmail": "new@example.com", "currentPassword": wrong}),
        ("step-up", {"password": wrong}),
    ]
    passwords.looked = 0
    for number in range(10):
        door, body = doors[number % 4]
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        answer = await app.as_(ada).post(f"{AUTH}/{door}", json=body, headers=headers)
        assert answer.status_code in (401, 403), answer.text

    for number, (door, body) in enumerate(doors):
        right = {**body, **{name: PASSWORD for name in ("password", "currentPassword") if name in body}}
        headers = {"X-Forwarded-For": f"203.0.113.{100 + number}"}
        assert (await app.as_(ada).post(f"{AUTH}/{door}", json=right, headers=headers)).status_code == 429
    assert passwords.looked == 10


async def test_a_right_password_is_no_guess(app, ada):
    for number in range(12):
        assert (await login(app, ada.email, PASSWORD, number=number)).status_code == 200


async def test_the_owner_gets_in_from_a_known_device(app, ada):
    token = (await login(app, ada.email, PASSWORD)).json()["deviceToken"]
    await use_up(app, ada.email)

    known = await login(app, ada.email, PASSWORD, number=50, **{"X-Device-Token": token})
    stranger = await login(app, ada.email, PASSWORD, number=51)

    assert (known.status_code, stranger.status_code) == (200, 429)


async def test_a_known_device_has_ten_tries_of_its_own(app, ada):
    token = (await login(app, ada.email, PASSWORD)).json()["deviceToken"]

    answers = [await login(app, ada.email, number=number, **{"X-Device-Token": token}) for number in range(11)]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert (await login(app, ada.email, PASSWORD, number=50)).status_code == 200


async def test_a_device_of_another_user_is_a_stranger(app, ada, bob):
    token = (await login(app, bob.email, PASSWORD)).json()["deviceToken"]
    await use_up(app, ada.email)

    assert (await login(app, ada.email, PASSWORD, number=50, **{"X-Device-Token": token})).status_code == 429


async def test_a_browser_keeps_its_device_in_a_cookie(app, ada):
    body = {"email": ada.email, "password": PASSWORD, "transport": "cookie"}
    answer = await app.post(f"{AUTH}/login", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("deviceToken=")]
    app.http.cookies.clear()
    await use_up(app, ada.email)

    cookie = line.partition(";")[0]
    twice = await login(app, ada.email, PASSWORD, number=50, Cookie=f"{cookie}; {cookie}")
    known = await login(app, ada.email, PASSWORD, number=51, Cookie=cookie)

    assert "HttpOnly" in line
    assert "Path=/api/v1/auth" in line
    assert "deviceToken" not in answer.json()
    assert (twice.status_code, known.status_code) == (429, 200)


@pytest.mark.parametrize("door", ["reset-password", "magic-link"])
async def test_whoever_proves_the_mailbox_takes_the_lock_away(app, ada, door):
    await use_up(app, ada.email)
    ask = "forgot-password" if door == "reset-password" else door
    await app.post(f"{AUTH}/verify-email", json={"token": await Mailbox(app, ada.email).secret("verify-email")})
    await app.post(f"{AUTH}/{ask}", json={"email": ada.email})
    token = await Mailbox(app, ada.email).secret(door)

    password = NEW if door == "reset-password" else PASSWORD
    body = {"token": token, **({"newPassword": NEW} if door == "reset-password" else {})}
    done = await app.post(f"{AUTH}/{door if door == 'reset-password' else 'magic-link/verify'}", json=body)

    assert done.status_code in (200, 204)
    assert (await login(app, ada.email, password, number=60)).status_code == 200


async def test_after_a_reset_no_device_is_known_any_more(app, ada):
    with time_machine.travel(clock.now() - timedelta(seconds=5), tick=True):
        token = (await login(app, ada.email, PASSWORD)).json()["deviceToken"]
    await app.post(f"{AUTH}/forgot-password", json={"email": ada.email})
    reset = {"token": await Mailbox(app, ada.email).secret("reset-password"), "newPassword": NEW}
    await app.post(f"{AUTH}/reset-password", json=reset)
    await use_up(app, ada.email)

    assert (await login(app, ada.email, NEW, number=50, **{"X-Device-Token": token})).status_code == 429


async def test_the_window_moves_on(app, ada):
    await use_up(app, ada.email)

    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=1), tick=True):
        assert (await login(app, ada.email, PASSWORD, number=50)).status_code == 200
        async with app.application.unit() as uow:
            assert await PasswordGuessService(uow).forget_old() == 10


def test_a_device_token_that_we_did_not_sign_is_a_stranger(settings):
    user = uuid4()
    token = token_for(user, None, settings)
    device = device_of(token.text, user, settings)

    assert device is not None
    assert token.text not in repr(token)
    assert device_of(token_for(user, device, settings).text, user, settings).id == device.id
    assert device_of(token.text, uuid4(), settings) is None
    for forged in ("", ".", "x", "x.y", token.text[:-1], token.text + "A", token.text + "=", "é.é", "A" * 32 + "." + "A" * 22):
        assert device_of(forged, user, settings) is None
    with time_machine.travel(clock.now() + LIFE + timedelta(seconds=1)):
        assert device_of(token.text, user, settings) is None
