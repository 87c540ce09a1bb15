"""The JSON that browsers take to make and use passkeys."""

from ..rows import AskedPasskey, NewPasskeyWish, PasskeyRow
from ..schemas import (
    AlgorithmOut,
    CreationOptionsOut,
    DescriptorOut,
    PasskeyUserOut,
    RelyingPartyOut,
    RequestOptionsOut,
)
from ..webauthn import ALGORITHMS, RelyingParty, encoded

TIMEOUT = 300_000  # milliseconds; as long as the challenge lives


def creation_options(party: RelyingParty, wish: NewPasskeyWish) -> CreationOptionsOut:
    """For `navigator.credentials.create()`."""
    return CreationOptionsOut(
        rp=RelyingPartyOut(id=party.id, name=party.name),
        user=PasskeyUserOut(id=encoded(wish.user.id.bytes), name=wish.user.email, display_name=wish.user.name),
        challenge=encoded(wish.challenge),
        pub_key_cred_params=[AlgorithmOut(alg=algorithm) for algorithm in ALGORITHMS],
        timeout=TIMEOUT,
        exclude_credentials=_described(wish.known),
    )


def request_options(party: RelyingParty, asked: AskedPasskey) -> RequestOptionsOut:
    """For `navigator.credentials.get()`."""
    return RequestOptionsOut(
        challenge=encoded(asked.challenge),
        timeout=TIMEOUT,
        rp_id=party.id,
        allow_credentials=_described(asked.known),
        user_verification="required" if asked.needs_person else "preferred",
    )


def _described(known: list[PasskeyRow]) -> list[DescriptorOut]:
    return [DescriptorOut(id=one.credential_id, transports=one.transports) for one in known]
