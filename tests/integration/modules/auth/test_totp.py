"""Authenticator apps: setting one up, signing in with it, removing it (R-091 to R-093, D-39)."""

from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.database import Statement, bind, update_of
from mainspring.core.observability.logs import captured_logs
from mainspring.core.security.cipher import Cipher
from mainspring.modules.auth.models import RecoveryCode, TotpFactor
from mainspring.modules.auth.totp import TotpSecrets
from mainspring.testing.client import PASSWORD

from .authenticator_app import LOGIN, MFA, asked, enrolled, with_totp

ME = "/api/v1/users/me"
REFRESH = "/api/v1/auth/refresh"
SECRETS = Statement(select(TotpFactor.secret), str)
PUT_SECRET: Statement[None] = Statement(
    update_of(TotpFactor)
    .where(TotpFactor.user_id == bind("user_id", TotpFactor.user_id))
    .values(secret=bind("secret", TotpFactor.secret))
)
HASHES = Statement(select(RecoveryCode.code_hash), str)
OWN_PASSWORD = {"currentPassword": PASSWORD}


async def test_enrolling_shows_the_secret_as_text_address_and_picture(app, ada):
    #
    answer = await app.as_(ada).post(f"{MFA}/totp/enroll")

    body = answer.json()
    address = urlsplit(body["otpauthUrl"])
    assert len(body["secret"]) == 52
    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/mainspring:ada%40example.com")
    assert parse_qs(address.query) == {"secret": [body["secret"]], "issuer": ["mainspring"]}
    kind, _, picture = body["qrCode"].partition(",")
    assert kind == "data:image/png;base64"
    assert b64decode(picture).startswith(b"\x89PNG")
    assert answer.headers["cache-control"] == "no-store"


async def test_an_app_that_showed_no_code_yet_asks_nobody_for_one(app, ada):
    #
    await enrolled(app, ada)

    assert "accessToken" in (await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
    assert (await app.as_(ada).get(ME)).json()["mfaEnabled"] is False
    assert (await app.as_(ada).get(MFA)).json() == {"methods": [], "totpActivatedAt": None, "recoveryCodesLeft": 0}


async def test_the_first_code_switches_it_on_and_ends_other_sessions(app, ada):
    # ASVS 7.4.3
    other = await app.sign_in(ada.email)

    authenticator = await with_totp(app, ada)

    assert (await app.as_(ada).get(ME)).json()["mfaEnabled"] is True
    assert (await app.as_(other).get(ME)).status_code == 401
    assert (await app.post(REFRESH, json={"refreshToken": other.refresh_token})).status_code == 401
    shown = (await app.as_(ada).get(MFA)).json()
    assert (shown["methods"], shown["recoveryCodesLeft"]) == (["totp", "recovery_code"], 10)
    assert len(set(authenticator.recovery_codes)) == 10
    assert {len(code.replace("-", "")) for code in authenticator.recovery_codes} == {24}


async def test_neither_secret_nor_recovery_codes_can_be_read_in_the_database(app, ada, bob):
    # D-39, ASVS 6.5.2
    authenticator = await with_totp(app, ada)
    await with_totp(app, bob)

    async with app.application.reading() as uow:
        secrets, hashes = await uow.all(SECRETS), await uow.all(HASHES)

    assert all(secret.startswith("v1.") and authenticator.secret not in secret for secret in secrets)
    assert len(set(secrets)) == 2
    assert {len(hashed) for hashed in hashes} == {64}
    assert not {code.replace("-", "") for code in authenticator.recovery_codes} & set(hashes)


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_signing_in_takes_the_code_of_now_and_its_neighbours(app, ada, steps):
    #
    with time_machine.travel(clock.now(), tick=False) as traveller:
        authenticator = await with_totp(app, ada)
        traveller.shift(60)
        token = await asked(app, ada)

        answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.code(steps)})

    assert answer.status_code == 200
    assert answer.json().keys() >= {"accessToken", "refreshToken", "tokenType", "expiresIn", "user"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("steps", [-2, 2])
async def test_older_and_newer_codes_are_wrong(app, ada, steps):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        authenticator = await with_totp(app, ada)
        traveller.shift(90)
        token = await asked(app, ada)

        answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.code(steps)})

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "auth.second_factor_refused"


async def test_a_code_works_once_though_it_is_shown_for_half_a_minute(app, ada):
    # ASVS 6.5.1
    authenticator = await with_totp(app, ada)
    code = authenticator.fresh_code()
    assert (await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, ada), "code": code})).status_code == 200

    again = await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, ada), "code": code})

    assert again.status_code == 401
    assert again.json()["error"]["code"] == "auth.second_factor_refused"


async def test_the_code_that_confirmed_the_app_signs_nobody_in(app, ada):
    authenticator = await enrolled(app, ada)
    code = authenticator.code()
    await app.as_(ada).post(f"{MFA}/totp/activate", json={"code": code})

    answer = await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, ada), "code": code})

    assert answer.status_code == 401


async def test_a_wrong_code_leaves_the_token_for_another_try(app, ada):
    authenticator = await with_totp(app, ada)
    token = await asked(app, ada)

    with captured_logs() as lines:
        wrong = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.wrong_code()})
    right = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.fresh_code()})
    again = await app.post(f"{MFA}/verify", json={"mfaToken": token, "recoveryCode": authenticator.recovery_codes[0]})

    assert (wrong.status_code, right.status_code, again.status_code) == (401, 200, 401)
    assert again.json()["error"]["code"] == "auth.mfa_token_invalid"
    assert [line["email"] for line in lines if line["message"] == "FAILED_LOGIN"] == [ada.email]
    assert token not in str(lines)


async def test_the_token_lives_five_minutes(app, ada):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        authenticator = await with_totp(app, ada)
        token = await asked(app, ada)
        traveller.shift(301)

        answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.code()})

    assert answer.json()["error"]["code"] == "auth.mfa_token_invalid"


async def test_the_code_of_somebody_else_is_wrong(app, ada, bob):
    await with_totp(app, ada)
    bobs = await with_totp(app, bob)
    token = await asked(app, ada)

    answers = [
        await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": bobs.fresh_code()}),
        await app.post(f"{MFA}/verify", json={"mfaToken": token, "recoveryCode": bobs.recovery_codes[0]}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert (await app.as_(bob).get(MFA)).json()["recoveryCodesLeft"] == 10


async def test_each_recovery_code_works_once_in_any_spelling(app, ada, admin):
    authenticator = await with_totp(app, ada)
    code = authenticator.recovery_codes[3]
    spelled = code.lower().replace("-", " ")

    first = await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, ada), "recoveryCode": spelled})
    again = await app.post(f"{MFA}/verify", json={"mfaToken": await asked(app, ada), "recoveryCode": code})

    assert (first.status_code, again.status_code) == (200, 401)
    assert (await app.as_(ada).get(MFA)).json()["recoveryCodesLeft"] == 9
    entries = (await app.as_(admin).get(f"/api/v1/audit?action=RECOVERY_CODE_USED&userId={ada.id}")).json()["data"]
    assert [entry["changes"] for entry in entries] == [{"left": 9}]


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"code": "123456", "recoveryCode": "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"},
        {"code": "12345"},
        {"code": "\uff11\uff12\uff13\uff14\uff15\uff16"},
        {"recoveryCode": "short"},
    ],
)
async def test_what_cannot_be_a_code_is_no_guess(app, ada, shown):
    await with_totp(app, ada)
    token = await asked(app, ada)

    answers = [await app.post(f"{MFA}/verify", json={"mfaToken": token, **shown}) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {422}


async def test_a_new_app_needs_the_old_one_removed(app, ada):
    await with_totp(app, ada)

    enroll = await app.as_(ada).post(f"{MFA}/totp/enroll")
    activate = await app.as_(ada).post(f"{MFA}/totp/activate", json={"code": "123456"})

    assert enroll.json()["error"]["code"] == activate.json()["error"]["code"] == "auth.totp_active"


async def test_only_the_latest_enrolment_counts(app, ada):
    first = await enrolled(app, ada)
    second = await enrolled(app, ada)

    refused = await app.as_(ada).post(f"{MFA}/totp/activate", json={"code": first.code()})
    accepted = await app.as_(ada).post(f"{MFA}/totp/activate", json={"code": second.code()})

    assert (refused.status_code, accepted.status_code) == (403, 200)
    assert refused.json()["error"]["code"] == "auth.wrong_code"


async def test_removing_it_needs_the_password_and_ends_other_sessions(app, ada):
    # ASVS 7.5.1
    authenticator = await with_totp(app, ada)
    verify = {"mfaToken": await asked(app, ada), "code": authenticator.fresh_code()}
    other = (await app.post(f"{MFA}/verify", json=verify)).json()["accessToken"]
    waiting = await asked(app, ada)
    client = app.as_(ada)

    without = await client.delete(f"{MFA}/totp")
    wrong = await client.delete(f"{MFA}/totp", json={"currentPassword": "not this one"})
    right = await client.delete(f"{MFA}/totp", json=OWN_PASSWORD)

    assert (without.status_code, wrong.status_code, right.status_code) == (422, 403, 204)
    assert wrong.json()["error"]["code"] == "auth.wrong_password"
    assert (await app.get(ME, headers={"Authorization": f"Bearer {other}"})).status_code == 401
    body = {"mfaToken": waiting, "recoveryCode": authenticator.recovery_codes[0]}
    assert (await app.post(f"{MFA}/verify", json=body)).json()["error"]["code"] == "auth.mfa_token_invalid"
    assert (await client.get(ME)).json()["mfaEnabled"] is False
    assert "accessToken" in (await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
    assert (await client.delete(f"{MFA}/totp", json=OWN_PASSWORD)).json()["error"]["code"] == "auth.totp_not_active"


async def test_new_recovery_codes_take_the_place_of_the_old_ones(app, ada):
    authenticator = await with_totp(app, ada)
    client = app.as_(ada)

    refused = await client.post(f"{MFA}/recovery-codes", json={"currentPassword": "not this one"})
    answer = await client.post(f"{MFA}/recovery-codes", json=OWN_PASSWORD)

    fresh = answer.json()["recoveryCodes"]
    assert refused.status_code == 403
    assert answer.headers["cache-control"] == "no-store"
    assert not set(fresh) & set(authenticator.recovery_codes)
    for code, status in ((authenticator.recovery_codes[0], 401), (fresh[0], 200)):
        body = {"mfaToken": await asked(app, ada), "recoveryCode": code}
        assert (await app.post(f"{MFA}/verify", json=body)).status_code == status


async def test_recovery_codes_belong_to_an_app(app, ada):
    answer = await app.as_(ada).post(f"{MFA}/recovery-codes", json=OWN_PASSWORD)

    assert answer.json()["error"]["code"] == "auth.totp_not_active"


async def test_whoever_is_disabled_between_the_steps_stays_out(app, ada, admin):
    authenticator = await with_totp(app, ada)
    token = await asked(app, ada)
    await app.as_(admin).patch(f"/api/v1/users/{ada.id}", json={"isActive": False})

    answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.fresh_code()})

    assert answer.json()["error"]["code"] == "auth.mfa_token_invalid"


async def test_a_new_password_takes_back_what_the_old_one_began(app, ada):
    authenticator = await with_totp(app, ada)
    token = await asked(app, ada)
    wish = OWN_PASSWORD | {"newPassword": "a quite different sentence"}
    assert (await app.as_(ada).post("/api/v1/auth/change-password", json=wish)).status_code == 204

    answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "code": authenticator.fresh_code()})

    assert answer.json()["error"]["code"] == "auth.mfa_token_invalid"


async def test_the_owner_hears_of_every_change(app, ada):
    authenticator = await with_totp(app, ada)
    body = {"mfaToken": await asked(app, ada), "recoveryCode": authenticator.recovery_codes[0]}
    await app.post(f"{MFA}/verify", json=body)
    await app.as_(ada).post(f"{MFA}/recovery-codes", json=OWN_PASSWORD)
    await app.as_(ada).delete(f"{MFA}/totp", json=OWN_PASSWORD)
    await app.work()

    told = (await app.as_(ada).get("/api/v1/notifications")).json()["data"]

    assert {(one["kind"], one["title"]) for one in told} == {
        ("auth.security", "Two-step sign-in was switched on"),
        ("auth.security", "A recovery code was used"),
        ("auth.security", "You have new recovery codes"),
        ("auth.security", "Two-step sign-in was switched off"),
    }
    assert authenticator.recovery_codes[0] not in str(told)


async def test_the_audit_trail_has_every_change_and_no_secret(app, ada, admin):
    authenticator = await with_totp(app, ada)
    await app.as_(ada).delete(f"{MFA}/totp", json=OWN_PASSWORD)

    entries = (await app.as_(admin).get(f"/api/v1/audit?userId={ada.id}")).json()["data"]

    assert {"MFA_ENABLED", "MFA_DISABLED"} <= {entry["action"] for entry in entries}
    assert authenticator.secret not in str(entries)


async def test_a_session_in_cookies_begins_after_the_second_step(app, ada):
    authenticator = await with_totp(app, ada)
    ours = {"Sec-Fetch-Site": "same-origin"}
    token = await asked(app, ada, "cookie", headers=ours)
    body = {"mfaToken": token, "code": authenticator.fresh_code()}

    from_elsewhere = await app.post(f"{MFA}/verify", json=body)
    answer = await app.post(f"{MFA}/verify", json=body, headers=ours)

    assert from_elsewhere.json()["error"]["code"] == "auth.cross_site"
    assert {line.partition("=")[0] for line in answer.headers.get_list("set-cookie")} == {
        "accessToken",
        "refreshToken",
        "deviceToken",
    }
    assert "accessToken" not in answer.json()
    assert answer.json()["csrfToken"]


class TestKeys:
    """The key that seals secrets can be changed while people go on signing in (R-087)."""

    @pytest.fixture
    def environment(self):
        return {"ENCRYPTION_KEY": "a newer key of at least 32 characters,an older key of at least 32 characters"}

    async def test_a_secret_moves_to_the_newest_key_when_it_is_used(self, app, ada):
        authenticator = await with_totp(app, ada)
        older = Cipher(["an older key of at least 32 characters"], "auth.totp")
        sealed = older.seal(authenticator.secret, bound_to=f"totp_factors/{ada.id}")
        async with app.application.unit() as uow:
            await uow.run(PUT_SECRET, user_id=ada.id, secret=sealed)
        body = {"mfaToken": await asked(app, ada), "code": authenticator.fresh_code()}

        answer = await app.post(f"{MFA}/verify", json=body)

        async with app.application.reading() as uow:
            (stored,) = await uow.all(SECRETS)
        assert answer.status_code == 200
        assert TotpSecrets(app.application.settings).renewed(stored, ada.id) == stored != sealed
