"""What is sealed stays secret, unchanged and in its place (R-186, ASVS 11.3)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from mainspring.core.security.cipher import CannotOpen, Cipher

OLD, NEW = "an old secret of enough characters", "a new secret of enough characters"


def cipher(*secrets: str, purpose: str = "mfa") -> Cipher:
    return Cipher(secrets or (NEW,), purpose)


@pytest.mark.parametrize("text", ["", "JBSWY3DPEHPK3PXP", "schön 🔑", "x" * 100_000])
def test_what_was_sealed_opens(text: str) -> None:
    assert cipher().open(cipher().seal(text, bound_to="users/1"), bound_to="users/1") == text


def test_the_same_text_is_never_sealed_twice_alike() -> None:
    assert len({cipher().seal("secret") for _ in range(100)}) == 100


def test_it_does_not_open_in_another_place() -> None:
    with pytest.raises(CannotOpen):
        cipher().open(cipher().seal("secret", bound_to="users/1"), bound_to="users/2")


def test_it_does_not_open_for_another_purpose() -> None:
    with pytest.raises(CannotOpen):
        cipher(purpose="webhooks").open(cipher().seal("secret"))


def test_a_rotation_overlaps_and_tells_what_to_seal_anew() -> None:
    sealed = cipher(OLD).seal("secret")

    assert cipher(NEW, OLD).open(sealed) == "secret"
    assert cipher(NEW, OLD).is_outdated(sealed)
    assert not cipher(NEW, OLD).is_outdated(cipher(NEW).seal("secret"))
    with pytest.raises(CannotOpen):
        cipher(NEW).open(sealed)


def test_every_changed_bit_is_noticed() -> None:
    head, _, body = cipher().seal("secret").rpartition(".")
    raw = urlsafe_b64decode(body + "==")

    for position in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(CannotOpen):
            cipher().open(f"{head}.{urlsafe_b64encode(changed).decode()}")


@pytest.mark.parametrize("sealed", ["", ".", "..", "v1..", "v2.00000000.AAAA", "v1.00000000.AAAA", "plain text", "v1.é.é"])
def test_noise_does_not_open(sealed: str) -> None:
    with pytest.raises(CannotOpen):
        cipher().open(sealed)


def test_a_body_cut_short_does_not_open() -> None:
    sealed = cipher().seal("secret")

    for length in range(12, len(sealed)):
        with pytest.raises(CannotOpen):
            cipher().open(sealed[:length])


@pytest.mark.parametrize("secrets", [[], [""], [NEW, ""]])
def test_without_a_secret_there_is_no_cipher(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        Cipher(secrets, "mfa")
