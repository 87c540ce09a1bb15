"""Passkeys: making one, signing in with it alone or as the second step, removing it."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec

from mainspring.core import clock
from mainspring.core.observability.logs import captured_logs
from mainspring.testing.client import PASSWORD

from .authenticator_app import LOGIN, MFA, asked, with_totp
from .software_authenticator import (
    BACKED_UP,
    CAN_BACK_UP,
    PASSKEYS,
    PRESENT,
    VERIFIED,
    SoftwareAuthenticator,
    b64,
    new_options,
    options_to_use,
    with_passkey,
)

ME = "/api/v1/users/me"
STEP_UP = "/api/v1/auth/step-up"


async def signed_in(app, authenticator, options=None, **more):
    options = options or await options_to_use(app)
    return await app.post(f"{PASSKEYS}/login/verify", json={"credential": authenticator.use(options), **more})


async def test_a_browser_gets_all_that_it_needs_to_make_one(app, ada):
    answer = await app.as_(ada).post(f"{PASSKEYS}/register/options")

    options = answer.json()
    assert options["rp"] == {"id": "localhost", "name": "mainspring"}
    assert options["user"] == {"id": b64(ada.id.bytes), "name": ada.email, "displayName": "Ada Lovelace"}
    assert len(options["challenge"]) == 43
    assert {algorithm["alg"] for algorithm in options["pubKeyCredParams"]} == {-7, -8, -257}
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert options["excludeCredentials"] == []
    assert answer.headers["cache-control"] == "no-store"


async def test_a_new_passkey_is_listed_and_not_made_twice(app, ada, bob):
    authenticator = await with_passkey(app, ada)

    (listed,) = (await app.as_(ada).get(PASSKEYS)).json()["data"]
    assert (listed["name"], listed["isBackedUp"], listed["lastUsedAt"]) == ("Ada's phone", True, None)
    options = await new_options(app, ada)
    assert [known["id"] for known in options["excludeCredentials"]] == [b64(authenticator.id)]
    assert options["excludeCredentials"][0]["transports"] == ["internal", "hybrid"]
    again = {"credential": authenticator.make(await new_options(app, bob))}
    answer = await app.as_(bob).post(f"{PASSKEYS}/register/verify", json=again)
    assert answer.json()["error"]["code"] == "auth.passkey_known"
    assert (await app.as_(bob).get(PASSKEYS)).json()["data"] == []


@pytest.mark.parametrize("transport", ["bearer", "cookie"])
async def test_signing_in_needs_no_address(app, ada, transport):
    authenticator = await with_passkey(app, ada)
    options = await options_to_use(app)
    wish = {"credential": authenticator.use(options), "transport": transport}

    answer = await app.post(f"{PASSKEYS}/login/verify", json=wish, headers={"Sec-Fetch-Site": "same-origin"})

    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == str(ada.id)
    assert ("accessToken" in answer.json()) is (transport == "bearer")
    (listed,) = (await app.as_(ada).get(PASSKEYS)).json()["data"]
    assert listed["lastUsedAt"] is not None


async def test_it_holds_both_factors(app, ada, admin):
    authenticator = await with_passkey(app, ada)
    await with_totp(app, ada)

    answer = await signed_in(app, authenticator)

    assert "accessToken" in answer.json()
    entries = (await app.as_(admin).get(f"/api/v1/audit?action=LOGIN&userId={ada.id}")).json()["data"]
    assert entries[0]["changes"]["method"] == "passkey"


async def test_it_is_a_second_step_behind_a_password(app, ada, admin):
    authenticator = await with_passkey(app, ada)
    await with_totp(app, ada)
    first = (await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
    options = await options_to_use(app, first["mfaToken"])
    body = {"mfaToken": first["mfaToken"], "passkey": replace(authenticator, flags=PRESENT).use(options)}

    answer = await app.post(f"{MFA}/verify", json=body)

    assert first["methods"] == ["totp", "recovery_code", "passkey"]
    assert [known["id"] for known in options["allowCredentials"]] == [b64(authenticator.id)]
    assert options["userVerification"] == "preferred"
    assert answer.status_code == 200
    entries = (await app.as_(admin).get(f"/api/v1/audit?action=LOGIN&userId={ada.id}")).json()["data"]
    assert entries[0]["changes"]["secondFactor"] == "passkey"


async def test_the_second_step_takes_a_passkey_of_the_same_user_only(app, ada, bob):
    await with_passkey(app, ada)
    await with_totp(app, ada)
    bobs = await with_passkey(app, bob)
    token = await asked(app, ada)

    for options in (await options_to_use(app, token), await options_to_use(app)):
        answer = await app.post(f"{MFA}/verify", json={"mfaToken": token, "passkey": bobs.use(options)})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "auth.second_factor_refused"


async def test_a_challenge_of_one_user_signs_no_other_in(app, ada, bob):
    await with_passkey(app, ada)
    await with_totp(app, ada)
    bobs = await with_passkey(app, bob)

    answer = await signed_in(app, bobs, await options_to_use(app, await asked(app, ada)))

    assert answer.status_code == 401


async def test_a_passkey_alone_does_not_ask_others_for_a_second_step(app, ada):
    await with_passkey(app, ada)

    answer = await app.post(LOGIN, json={"email": ada.email, "password": PASSWORD})

    assert "accessToken" in answer.json()


LIES = {
    "another site": {"origin": "https://evil.example"},
    "a neighbouring port": {"origin": "http://localhost:9000"},
    "another domain": {"rp_id": "evil.example"},
    "nobody there": {"flags": VERIFIED},
    "person not checked": {"flags": PRESENT},
    "inside a foreign page": {"cross_origin": True},
    "another ceremony": {"kind": "payment.get"},
    "somebody else": {"handle": bytes(16)},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_what_is_not_signed_for_us_signs_nobody_in(app, ada, lie):
    authenticator = await with_passkey(app, ada)

    answer = await signed_in(app, replace(authenticator, **lie))

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "auth.passkey_refused"


@pytest.mark.parametrize("lie", [lie for name, lie in LIES.items() if name not in ("somebody else", "another key")], ids=str)
async def test_what_is_not_made_for_us_is_not_kept(app, ada, lie):
    authenticator = SoftwareAuthenticator(**lie)
    body = {"credential": authenticator.make(await new_options(app, ada))}

    answer = await app.as_(ada).post(f"{PASSKEYS}/register/verify", json=body)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "auth.passkey_refused"
    assert (await app.as_(ada).get(PASSKEYS)).json()["data"] == []


async def test_an_attestation_that_nobody_asked_for_is_refused(app, ada):
    authenticator = SoftwareAuthenticator()
    made = authenticator.make(await new_options(app, ada), fmt="android-safetynet", attStmt={"ver": "1", "response": b"x"})

    answer = await app.as_(ada).post(f"{PASSKEYS}/register/verify", json={"credential": made})

    assert answer.json()["error"]["code"] == "auth.passkey_refused"


@pytest.mark.parametrize("noise", ["AAAA", "o2NmbXRkbm9uZQ", "_" * 400, "A"])
@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject", "authenticatorData", "signature"])
async def test_noise_is_refused_and_never_a_bug_of_ours(app, ada, part, noise):
    authenticator = await with_passkey(app, ada)
    if part == "attestationObject":
        credential = SoftwareAuthenticator().make(await new_options(app, ada))
        ask = app.as_(ada).post, f"{PASSKEYS}/register/verify", 403
    else:
        credential = authenticator.use(await options_to_use(app))
        ask = app.post, f"{PASSKEYS}/login/verify", 401
    credential["response"][part] = noise

    answer = await ask[0](ask[1], json={"credential": credential})

    assert answer.status_code == ask[2]


async def test_a_challenge_must_be_ours_and_young(app, ada):
    authenticator = await with_passkey(app, ada)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        options = await options_to_use(app)
        traveller.shift(timedelta(minutes=5, seconds=1))
        late = await signed_in(app, authenticator, options)
    foreign = await signed_in(app, authenticator, {"challenge": b64(bytes(32))})
    registering = await signed_in(app, authenticator, await new_options(app, ada))

    assert {late.status_code, foreign.status_code, registering.status_code} == {401}


async def test_a_challenge_for_a_new_passkey_belongs_to_who_asked(app, ada, bob):
    authenticator = SoftwareAuthenticator()
    body = {"credential": authenticator.make(await new_options(app, ada))}

    answer = await app.as_(bob).post(f"{PASSKEYS}/register/verify", json=body)

    assert answer.json()["error"]["code"] == "auth.passkey_refused"


async def test_a_copied_passkey_is_noticed(app, ada):
    authenticator = await with_passkey(app, ada, counts=True, flags=PRESENT | VERIFIED)
    copy = replace(authenticator)
    assert (await signed_in(app, authenticator)).status_code == 200
    assert (await signed_in(app, authenticator)).status_code == 200

    with captured_logs() as lines:
        answer = await signed_in(app, copy)

    assert answer.status_code == 401
    assert [line["activity"] for line in lines if line["message"] == "SUSPICIOUS_ACTIVITY"] == ["passkey_count"]


async def test_a_disabled_account_stays_out(app, ada, admin):
    authenticator = await with_passkey(app, ada)
    await app.as_(admin).patch(f"/api/v1/users/{ada.id}", json={"isActive": False})

    answer = await signed_in(app, authenticator)

    assert answer.json()["error"]["code"] == "auth.passkey_refused"


async def test_twenty_are_enough(app, ada):
    for _ in range(20):
        await with_passkey(app, ada)
    body = {"credential": SoftwareAuthenticator().make(await new_options(app, ada))}

    answer = await app.as_(ada).post(f"{PASSKEYS}/register/verify", json=body)

    assert answer.json()["error"]["code"] == "auth.too_many_passkeys"


async def test_a_removed_passkey_signs_nobody_in(app, ada, bob):
    authenticator = await with_passkey(app, ada)
    (listed,) = (await app.as_(ada).get(PASSKEYS)).json()["data"]

    assert (await app.as_(bob).delete(f"{PASSKEYS}/{listed['id']}")).status_code == 404
    assert (await app.as_(ada).delete(f"{PASSKEYS}/{listed['id']}")).status_code == 204
    assert (await app.as_(ada).delete(f"{PASSKEYS}/{listed['id']}")).status_code == 404
    assert (await signed_in(app, authenticator)).status_code == 401


async def test_it_steps_up_by_itself(app, ada, bob):
    authenticator, bobs = await with_passkey(app, ada), await with_passkey(app, bob)
    await with_totp(app, ada)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        traveller.shift(timedelta(minutes=10))
        fresh = (await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})).json()["accessToken"]
        traveller.shift(timedelta(minutes=6))
        headers = {"Authorization": f"Bearer {fresh}"}
        before = await app.post(f"{PASSKEYS}/register/options", headers=headers)
        foreign = await app.post(STEP_UP, json={"passkey": bobs.use(await options_to_use(app))}, headers=headers)
        lazy = replace(authenticator, flags=PRESENT)
        unchecked = await app.post(STEP_UP, json={"passkey": lazy.use(await options_to_use(app))}, headers=headers)
        stepped = await app.post(STEP_UP, json={"passkey": authenticator.use(await options_to_use(app))}, headers=headers)
        after = await app.post(f"{PASSKEYS}/register/options", headers=headers)

    assert before.json()["error"]["code"] == "auth.step_up_required"
    assert (foreign.status_code, unchecked.status_code) == (403, 403)
    assert (stepped.status_code, after.status_code) == (204, 200)


async def test_a_reset_takes_passkeys_too(app, ada, people):
    authenticator = await with_passkey(app, ada)
    resetter = await people.with_grant("mfa:reset")

    assert (await app.as_(resetter).delete(f"/api/v1/users/{ada.id}/mfa")).status_code == 204

    assert (await app.as_(ada).get(ME)).status_code == 401
    assert (await signed_in(app, authenticator)).status_code == 401


async def test_the_owner_hears_of_new_and_removed_ones(app, ada, admin):
    await with_passkey(app, ada)
    (listed,) = (await app.as_(ada).get(PASSKEYS)).json()["data"]
    await app.as_(ada).delete(f"{PASSKEYS}/{listed['id']}")
    await app.work()

    told = (await app.as_(ada).get("/api/v1/notifications")).json()["data"]
    entries = (await app.as_(admin).get(f"/api/v1/audit?resourceId={ada.id}")).json()["data"]
    assert {one["title"] for one in told} == {"A passkey was added", "A passkey was removed"}
    assert {"PASSKEY_ADDED", "PASSKEY_REMOVED"} <= {entry["action"] for entry in entries}


async def test_a_device_that_stays_alone_is_shown_as_such(app, ada):
    await with_passkey(app, ada, flags=(PRESENT | VERIFIED | CAN_BACK_UP | BACKED_UP) & ~(CAN_BACK_UP | BACKED_UP))

    (listed,) = (await app.as_(ada).get(PASSKEYS)).json()["data"]

    assert listed["isBackedUp"] is False


async def test_the_token_of_a_first_step_must_be_ours(app):
    answer = await app.post(f"{PASSKEYS}/login/options", json={"mfaToken": "noise"})

    assert answer.json()["error"]["code"] == "auth.mfa_token_invalid"
