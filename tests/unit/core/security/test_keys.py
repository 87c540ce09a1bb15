"""Where keys come from, and which are refused (R-066, R-089, D-02, ASVS 11.2)."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OKPKey, RSAKey

from mainspring.core import ids
from mainspring.core.module import BootRefused
from mainspring.core.security.keys import KeyRing, new_key
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


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_our_own_rsa_keys_have_3072_bits(algorithm: str) -> None:
    made = new_key(algorithm)

    assert isinstance(made, RSAKey)
    assert made.public_key.key_size == 3072


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


def test_another_key_verifies_the_algorithm_it_signed_with() -> None:
    old = RSAKey.generate_key(3072)
    token = tokens_of(KeyRing(old, algorithm="RS256")).issue(ids.new(), ids.new()).text

    tokens_of(KeyRing(new_key("PS256"), algorithm="PS256", others=[(old, "RS256")])).verify(token)


def test_a_former_key_is_known_and_opens_no_token() -> None:
    old = new_key("EdDSA")
    token = tokens_of(KeyRing(old, algorithm="EdDSA")).issue(ids.new(), ids.new()).text

    ring = KeyRing(new_key("EdDSA"), algorithm="EdDSA", former=[old])

    assert ring.known(old.thumbprint()) is not None
    assert [key["kid"] for key in ring.jwks()["keys"]] == [ring.signing_id]
    with pytest.raises(TokenInvalid):
        tokens_of(ring).verify(token)


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
