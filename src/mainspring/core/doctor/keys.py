"""The keys that sign access tokens."""

from datetime import timedelta

from .. import clock
from ..security.cipher import CannotOpen
from ..security.keys import OWN_RSA_BITS, KeyRing
from ..token_keys.keeper import TokenKeyKeeper
from ..token_keys.plan import Plan
from .finding import Finding, advice
from .patient import Patient

LATE = timedelta(days=1)
OLD = timedelta(days=365)


async def about_token_keys(patient: Patient) -> list[Finding]:
    """The age of the key that signs against JWT_KEY_LIFETIME, whether it opens at all, and whether one that was given is long."""
    if patient.settings.jwt_private_key is not None:
        return _about_strength(patient.application.resolve(KeyRing))
    if not patient.has_default:
        return []
    store, now = patient.application.resolve(TokenKeyKeeper).store, clock.now()
    signing = Plan(await store.keys(), now).signing
    if signing is None:
        return []
    try:
        store.opened(signing)
    except CannotOpen:
        cure = "Put the ENCRYPTION_KEY of before behind the new one, with a comma between."
        return [Finding("The token key does not open with this ENCRYPTION_KEY.", cure)]
    age, lifetime = now - signing.signs_from, patient.settings.jwt_key_lifetime
    if lifetime is not None and age > lifetime + LATE:
        cure = "A running worker changes it each day; mainspring keys rotate does it now."
        return [Finding(f"The token key is {age.days} days old, and JWT_KEY_LIFETIME is {lifetime.days} days.", cure)]
    if lifetime is None and age > OLD:
        return [advice(f"The token key is {age.days} days old.", "mainspring keys rotate, or set JWT_KEY_LIFETIME=90d.")]
    return []


def _about_strength(ring: KeyRing) -> list[Finding]:
    """ASVS 11.2.3 asks for 128 bits of strength, which RSA has from 3072 bits on."""
    if ring.rsa_bits is None or ring.rsa_bits >= OWN_RSA_BITS:
        return []
    told = f"JWT_PRIVATE_KEY is an RSA key of {ring.rsa_bits} bits."
    return [
        advice(told, f"Make one of {OWN_RSA_BITS} (openssl genrsa {OWN_RSA_BITS}); mainspring keys rotate says how to change it.")
    ]
