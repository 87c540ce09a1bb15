"""Codes of authenticator apps, against the numbers of RFC 6238."""

from base64 import b32encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from mainspring.core.security.cipher import CannotOpen
from mainspring.core.settings import Settings
from mainspring.modules.auth.recovery import CODES, code_hash, new_codes
from mainspring.modules.auth.totp import TotpSecrets, new_secret, step_of

SECRET = b32encode(b"12345678901234567890").decode()
OLD, NEW = "an older key of at least 32 characters", "a newer key of at least 32 characters"
ADA, BOB = UUID(int=1), UUID(int=2)


def secrets(*keys: str) -> TotpSecrets:
    return TotpSecrets(Settings(encryption_key=tuple(map(SecretStr, keys))))


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_numbers_of_rfc_6238_appendix_b(second: int, code: str) -> None:
    assert step_of(SECRET, code, datetime.fromtimestamp(second, UTC), window=0) == second // 30


@pytest.mark.parametrize(
    ("offset", "window", "is_found"), [(30, 1, True), (-30, 1, True), (60, 1, False), (-60, 1, False), (60, 2, True)]
)
def test_a_clock_may_be_off_by_the_window(offset: int, window: int, is_found: bool) -> None:
    moment = datetime.fromtimestamp(1111111111, UTC)

    found = step_of(SECRET, "050471", moment + timedelta(seconds=offset), window)

    assert (found is not None) is is_found
    assert found in (None, 1111111111 // 30)


def test_secrets_are_random_and_as_long_as_promised() -> None:  # R-091, ASVS 6.5.3
    made = {new_secret() for _ in range(100)}

    assert len(made) == 100
    assert {len(secret) for secret in made} == {52}


def test_a_sealed_secret_opens_for_its_user_only() -> None:
    sealed = secrets(NEW).seal(SECRET, ADA)

    assert SECRET not in sealed
    assert secrets(NEW).open(sealed, ADA) == SECRET
    with pytest.raises(CannotOpen):
        secrets(NEW).open(sealed, BOB)


def test_a_newer_key_takes_over_when_a_secret_is_used() -> None:
    sealed = secrets(OLD).seal(SECRET, ADA)

    renewed = secrets(NEW, OLD).renewed(sealed, ADA)

    assert secrets(NEW).open(renewed, ADA) == SECRET
    assert secrets(NEW).renewed(renewed, ADA) == renewed


def test_recovery_codes_hold_120_bits_and_their_spelling_does_not_matter() -> None:
    codes = new_codes()

    assert len(set(codes)) == CODES == 10
    assert all(len(code.replace("-", "")) * 5 == 120 for code in codes)
    assert code_hash(codes[0].lower().replace("-", " ")) == code_hash(codes[0])
    assert len({code_hash(code) for code in codes}) == 10
