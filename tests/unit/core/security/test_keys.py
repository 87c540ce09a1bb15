"""Where keys come from, and which are refused (R-066, R-089, D-02, ASVS 11.2)."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mainspring.core import ids
from mainspring.core.module import BootRefused
from mainspring.core.security.keys import KeyRing, key_file
from mainspring.core.security.refusals import TokenInvalid
from mainspring.core.security.tokens import AccessTokens


def pem(key: RSAKey | ECKey | OKPKey, *, private: bool = True) -> str:
    return bytes(key.as_pem(private=private)).decode()


WEAK = (
    rsa.generate_private_key(65537, 1024)
    .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    .decode()
)


def tokens_of(ring: KeyRing) -> AccessTokens:
    return AccessTokens(ring, issuer="https://api.example.com", audience="api")


def test_the_first_start_makes_a_key_of_3072_bits_that_only_its_owner_reads(tmp_path: Path) -> None:
    ring = KeyRing.of_folder(tmp_path)

    assert isinstance(ring.signing, RSAKey)
    assert ring.signing.public_key.key_size == 3072
    assert stat.S_IMODE(key_file(tmp_path, "RS256").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_later_starts_use_the_same_key(tmp_path: Path) -> None:
    assert KeyRing.of_folder(tmp_path).signing_id == KeyRing.of_folder(tmp_path).signing_id


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        rings = list(threads.map(lambda _: KeyRing.of_folder(tmp_path, algorithm="EdDSA"), range(32)))

    assert len({ring.signing_id for ring in rings}) == 1


def test_the_environment_gives_keys_with_real_or_written_line_breaks() -> None:
    key = RSAKey.generate_key(3072)

    plain = KeyRing.of_environment(pem(key), pem(key, private=False))
    written = KeyRing.of_environment(pem(key).replace("\n", "\\n"), pem(key, private=False).replace("\n", "\\n"))

    assert plain.signing_id == written.signing_id == key.thumbprint()


def test_a_retired_key_still_verifies_and_no_longer_signs() -> None:
    old, new = RSAKey.generate_key(3072), RSAKey.generate_key(3072)
    token = tokens_of(KeyRing(old)).issue(ids.new(), ids.new()).text

    overlap = KeyRing.of_environment(pem(new), pem(new, private=False) + pem(old, private=False))

    tokens_of(overlap).verify(token)
    assert [key["kid"] for key in overlap.jwks()["keys"]] == [new.thumbprint(), old.thumbprint()]
    with pytest.raises(TokenInvalid):
        tokens_of(KeyRing(new)).verify(token)


def test_retired_keys_lie_beside_the_signing_key(tmp_path: Path) -> None:
    token = tokens_of(KeyRing.of_folder(tmp_path)).issue(ids.new(), ids.new()).text
    key_file(tmp_path, "RS256").rename(tmp_path / "keys" / "jwt-2026.pem")

    tokens_of(KeyRing.of_folder(tmp_path)).verify(token)


def test_a_change_of_algorithm_overlaps_too(tmp_path: Path) -> None:
    token = tokens_of(KeyRing.of_folder(tmp_path)).issue(ids.new(), ids.new()).text

    changed = KeyRing.of_folder(tmp_path, algorithm="EdDSA")

    assert isinstance(changed.signing, OKPKey)
    tokens_of(changed).verify(token)


def test_the_published_keys_are_public() -> None:
    for key, algorithm in ((RSAKey.generate_key(3072), "RS256"), (ECKey.generate_key("P-256"), "ES256")):
        published = KeyRing(key, algorithm=algorithm).jwks()["keys"][0]
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & published.keys()
        assert (published["use"], published["alg"]) == ("sig", algorithm)


@pytest.mark.parametrize(
    ("private", "public", "algorithm"),
    [
        ("nonsense", "", "RS256"),
        (WEAK, "", "RS256"),
        (pem(RSAKey.generate_key(3072), private=False), "", "RS256"),
        (pem(RSAKey.generate_key(3072)), pem(RSAKey.generate_key(3072), private=False), "RS256"),
        (pem(RSAKey.generate_key(3072)), "", "ES256"),
        (pem(RSAKey.generate_key(3072)), "", "HS256"),
        (pem(ECKey.generate_key("P-384")), "", "ES256"),
    ],
    ids=["no key", "1024 bits", "public", "another's public half", "wrong kind", "HS256", "P-384"],
)
def test_a_bad_key_stops_the_boot_and_is_not_shown(private: str, public: str, algorithm: str) -> None:
    with pytest.raises(BootRefused) as refusal:
        KeyRing.of_environment(private, public, algorithm=algorithm)

    assert "BEGIN" not in str(refusal.value)
