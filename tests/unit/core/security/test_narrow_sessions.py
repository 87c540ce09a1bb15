"""Which guards let in whoever has to set up a second factor first, and whoever acts as another."""

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest

from mainspring.core.errors import Forbidden
from mainspring.core.security.guard import Anyone, Guard, HoldsPermission, HoldsRole, RecentlySignedIn, SignedIn
from mainspring.core.security.principal import Principal
from mainspring.core.settings.mfa import MfaSettings

NOW = datetime.now(UTC)
EXCHANGE = SimpleNamespace(method="GET", path="/", application=SimpleNamespace(settings=SimpleNamespace(mfa=MfaSettings())))
OWES, ACTED = "auth.mfa_enrollment_required", "auth.not_while_impersonating"


class OfAModule(Guard):
    """One that knows nothing of such sessions."""

    def admit(self, exchange, principal):
        """Let everybody in."""


GUARDS = [
    (OfAModule(), OWES, None),
    (Anyone(), None, None),
    (SignedIn(), OWES, None),
    (SignedIn(in_person=True), OWES, ACTED),
    (SignedIn(people_only=True), OWES, ACTED),
    (SignedIn(people_only=True, enrolling=True), None, ACTED),
    (SignedIn(people_only=True, in_person=False, enrolling=True), None, None),
    (RecentlySignedIn(), OWES, ACTED),
    (RecentlySignedIn(enrolling=True), None, ACTED),
    (HoldsPermission(("x:do",)), OWES, None),
    (HoldsPermission(("x:do",), in_person=True), OWES, ACTED),
    (HoldsPermission(("x:do",), people_only=True), OWES, ACTED),
    (HoldsRole(("user",)), OWES, None),
]


def caller(**kind):
    held = {"roles": frozenset({"user"}), "permissions": frozenset({"x:do"})}
    ids = {"id": UUID(int=1), "session_id": UUID(int=2), "token_id": "t", "email": "ada@example.com"}
    return Principal(**ids, **held, expires_at=NOW, authenticated_at=NOW, **kind)


def refusal(guard, principal):
    try:
        guard.check(EXCHANGE, principal)
    except Forbidden as refused:
        return refused.code
    return None


@pytest.mark.parametrize(("guard", "owing", "acted"), GUARDS)
def test_what_a_guard_refuses(guard, owing, acted):
    assert refusal(guard, caller()) is None
    assert refusal(guard, caller(must_enrol=True)) == owing
    assert refusal(guard, caller(impersonator_id=UUID(int=3))) == acted


@pytest.mark.parametrize(
    ("roles", "has_two", "owes"),
    [
        ({"admin"}, False, True),
        ({"admin"}, True, False),
        ({"user"}, False, False),
        ({"user", "ops"}, False, True),
        ((), False, False),
    ],
)
def test_who_owes_a_factor(roles, has_two, owes):
    assert MfaSettings(required_roles=("admin", "ops")).owes_factor(roles, has_two) is owes


def test_by_default_no_role_asks():
    assert MfaSettings().owes_factor({"admin"}, has_two_factors=False) is False
