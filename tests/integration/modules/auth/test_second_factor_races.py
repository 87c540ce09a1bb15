"""What works once works once, however many try at the same time (D-39, ASVS 6.5.1)."""

import asyncio

import pytest

from tests.integration.races import assert_won_once

from .authenticator_app import MFA, asked, enrolled, with_totp
from .software_authenticator import PASSKEYS, SoftwareAuthenticator, new_options, options_to_use, with_passkey

AT_ONCE = 50
ROUNDS = 4


@pytest.fixture
def environment():
    # every try is judged, so that the claim decides and not a limit
    return {"RATE_LIMITS": "off", "MFA__GUESSES_PER_HOUR": "1000"}


async def verified(app, bodies):
    answers = await asyncio.gather(*(app.post(f"{MFA}/verify", json=body) for body in bodies))
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_step_signs_in_once(app, round_):
    user = await app.sign_up()
    authenticator = await with_totp(app, user)
    tokens = [await asked(app, user) for _ in range(AT_ONCE)]
    code = authenticator.fresh_code()

    statuses = await verified(app, [{"mfaToken": token, "code": code} for token in tokens])

    assert_won_once(statuses, 200, 401)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_recovery_code_signs_in_once(app, round_):
    user = await app.sign_up()
    authenticator = await with_totp(app, user)
    tokens = [await asked(app, user) for _ in range(AT_ONCE)]
    code = authenticator.recovery_codes[round_]

    statuses = await verified(app, [{"mfaToken": token, "recoveryCode": code} for token in tokens])

    assert_won_once(statuses, 200, 401)
    assert (await app.as_(user).get(MFA)).json()["recoveryCodesLeft"] == 9


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_token_signs_in_once_whatever_is_shown_with_it(app, round_):
    user = await app.sign_up()
    authenticator = await with_totp(app, user)
    token = await asked(app, user)
    shown = [{"recoveryCode": code} for code in authenticator.recovery_codes] + [{"code": authenticator.fresh_code()}]
    bodies = [{"mfaToken": token, **shown[number % len(shown)]} for number in range(AT_ONCE)]

    statuses = await verified(app, bodies)

    assert_won_once(statuses, 200, 401)
    left = (await app.as_(user).get(MFA)).json()["recoveryCodesLeft"]
    assert left in (9, 10), "a try that was refused used nothing up"


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_app_is_confirmed_once(app, round_):
    user = await app.sign_up()
    authenticator = await enrolled(app, user)
    body = {"code": authenticator.code()}

    answers = await asyncio.gather(*(app.as_(user).post(f"{MFA}/totp/activate", json=body) for _ in range(AT_ONCE)))

    assert_won_once((answer.status_code for answer in answers), 200, 409)
    (codes,) = [answer.json()["recoveryCodes"] for answer in answers if answer.status_code == 200]
    verify = {"mfaToken": await asked(app, user), "recoveryCode": codes[0]}
    assert (await app.post(f"{MFA}/verify", json=verify)).status_code == 200


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_nobody_slips_in_while_the_second_factor_is_switched_on(app, round_):
    user = await app.sign_up()
    authenticator = await enrolled(app, user)
    login = {"email": user.email, "password": user.password}

    async def switch_on():
        return await app.as_(user).post(f"{MFA}/totp/activate", json={"code": authenticator.code()})

    deeds = [app.post("/api/v1/auth/login", json=login) for _ in range(20)]
    *answers, switched = await asyncio.gather(*deeds, switch_on())

    assert switched.status_code == 200
    inside = [answer.json()["accessToken"] for answer in answers if "accessToken" in answer.json()]
    for token in inside:
        answer = await app.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, "a session without the second factor is alive"


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_step_steps_up_or_signs_in_but_not_both(app, round_):
    user = await app.sign_up()
    authenticator = await with_totp(app, user)
    tokens = [await asked(app, user) for _ in range(10)]
    code = authenticator.fresh_code()
    step_up = {"password": user.password, "code": code}

    answers = await asyncio.gather(
        *(app.post(f"{MFA}/verify", json={"mfaToken": token, "code": code}) for token in tokens),
        *(app.as_(user).post("/api/v1/auth/step-up", json=step_up) for _ in range(4)),  # each hashes a password
    )

    statuses = [answer.status_code for answer in answers]
    assert sum(status in (200, 204) for status in statuses) == 1
    assert set(statuses) <= {200, 204, 401, 403, 503}


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_challenge_signs_in_once(app, round_):
    user = await app.sign_up()
    authenticator = await with_passkey(app, user)
    body = {"credential": authenticator.use(await options_to_use(app))}

    answers = await asyncio.gather(*(app.post(f"{PASSKEYS}/login/verify", json=body) for _ in range(AT_ONCE)))

    assert_won_once((answer.status_code for answer in answers), 200, 401)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_one_challenge_makes_one_passkey(app, round_):
    user = await app.sign_up()
    options = await new_options(app, user)
    bodies = [{"credential": SoftwareAuthenticator().make(options)} for _ in range(AT_ONCE)]

    answers = await asyncio.gather(*(app.as_(user).post(f"{PASSKEYS}/register/verify", json=body) for body in bodies))

    assert_won_once((answer.status_code for answer in answers), 201, 403)
    assert len((await app.as_(user).get(PASSKEYS)).json()["data"]) == 1
