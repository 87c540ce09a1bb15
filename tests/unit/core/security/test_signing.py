"""What travels through clients comes back unchanged or is refused (R-087)."""

from datetime import timedelta

import pytest

from mainspring.core import clock
from mainspring.core.security.signing import BadSignature, Signer

OLD, NEW = "an old secret of enough characters", "a new secret of enough characters"


def signer(*secrets: str, purpose: str = "cursor") -> Signer:
    return Signer(secrets or (NEW,), purpose)


@pytest.mark.parametrize("payload", [b"", b"[1,2]", bytes(range(256)), "schön".encode()])
def test_what_was_signed_comes_back(payload: bytes) -> None:
    assert signer().verify(signer().sign(payload)) == payload


def test_a_signature_for_another_purpose_is_refused() -> None:
    with pytest.raises(BadSignature):
        signer(purpose="link").verify(signer().sign(b"1"))


def test_a_rotation_overlaps() -> None:
    signed = signer(OLD).sign(b"1")

    assert signer(NEW, OLD).verify(signed) == b"1"
    with pytest.raises(BadSignature):
        signer(NEW).verify(signed)


def test_every_changed_character_is_noticed() -> None:
    signed = signer().sign(b'{"id":1}')

    for position in range(len(signed)):
        for other in "A_b.=é\0":
            if other != signed[position]:
                with pytest.raises(BadSignature):
                    signer().verify(signed[:position] + other + signed[position + 1 :])


@pytest.mark.parametrize("signed", ["", ".", "a", "a.b.c", "=.=", "AAAA.", ".AAAA", "é.é", "A" * 100_000, "\ud800.AA"])
def test_noise_is_refused(signed: str) -> None:
    with pytest.raises(BadSignature):
        signer().verify(signed)


def test_a_link_ends_at_its_time() -> None:
    live = signer().sign_until(b"files/1", clock.after(timedelta(minutes=1)))
    dead = signer().sign_until(b"files/1", clock.after(timedelta(seconds=-1)))

    assert signer().verify_until(live) == b"files/1"
    with pytest.raises(BadSignature):
        signer().verify_until(dead)
    with pytest.raises(BadSignature):
        signer().verify_until(signer().sign(b"files/1"))


def test_a_mac_alone_is_compared_with_every_key() -> None:
    mac = signer(OLD).mac(b"session")

    assert signer(NEW, OLD).is_mac(mac, b"session")
    assert not signer(NEW, OLD).is_mac(mac, b"other session")
    assert not signer(NEW, OLD).is_mac(b"", b"session")


def test_without_a_secret_nothing_is_signed() -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        Signer([], "cursor")
