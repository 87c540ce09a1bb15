"""A token of a trusted issuer proves one factor at most, so whoever has to prove two does nothing with it (ASVS 6.3.3)."""

import json
from uuid import UUID

import pytest

from mainspring.modules.access.service import AssignmentService

from .test_trusted_issuers import AUDIENCE, ME, token_of

AUTH = "/api/v1/auth"
DOORS = [
    ("GET", "/api/v1/users", None),
    ("GET", "/api/v1/admin/users", None),
    ("GET", "/api/v1/products", None),
    ("PATCH", ME, {"bio": "x"}),
    ("GET", f"{AUTH}/sessions", None),
    ("POST", "/api/v1/api-keys", {"name": "Robot"}),
    ("POST", f"{ME}/export", None),
    ("DELETE", ME, {"currentPassword": "x"}),
]
ENROLLING = [
    ("POST", f"{AUTH}/mfa/totp/enroll", None),
    ("POST", f"{AUTH}/mfa/totp/activate", {"code": "123456"}),
    ("POST", f"{AUTH}/passkeys/register/options", None),
]
OWES = (403, "auth.mfa_enrollment_required")


@pytest.fixture
def more_settings(server):
    trusted = [{"issuer": server.issuer, "audience": AUDIENCE}]
    return {"SOCIAL__TRUSTED_ISSUERS": json.dumps(trusted), "MFA__REQUIRED_ROLES": "admin"}


@pytest.fixture
async def linked(browser):
    """The id of a user who linked the identity and owes nothing so far."""
    return UUID((await browser.sign_in())["user"]["id"])


async def said(app, server, doors):
    """What the doors answer to a token of the issuer."""
    headers = {"Authorization": f"Bearer {token_of(server)}"}
    answers = [
        await app.request(method, path, headers=headers, **({"json": body} if body else {})) for method, path, body in doors
    ]
    return [(answer.status_code, answer.json().get("error", {}).get("code") if answer.content else None) for answer in answers]


async def test_whoever_owes_a_factor_does_nothing_with_the_token(app, server, linked):
    assert OWES not in await said(app, server, DOORS)
    async with app.application.unit() as uow:
        await AssignmentService(uow).assign(None, linked, "admin")

    assert await said(app, server, DOORS) == [OWES] * len(DOORS)

    me = await app.get(ME, headers={"Authorization": f"Bearer {token_of(server)}"})
    assert (me.status_code, me.json()["mfaEnrollmentRequired"]) == (200, True)


async def test_nor_sets_up_a_factor_with_it(app, server, linked):
    async with app.application.unit() as uow:
        await AssignmentService(uow).assign(None, linked, "admin")

    assert await said(app, server, ENROLLING) == [(403, "auth.step_up_required")] * len(ENROLLING)


async def test_without_the_role_it_opens_again(app, server, linked, admin):
    async with app.application.unit() as uow:
        await AssignmentService(uow).assign(None, linked, "admin")
    assert (await said(app, server, DOORS[2:3])) == [OWES]
    async with app.application.unit() as uow:
        await AssignmentService(uow).unassign(None, linked, "admin")

    assert (await said(app, server, DOORS[2:3])) == [(200, None)]
