"""Judging what a passkey made or signed (WebAuthn Level 3, 7.1 and 7.2). The library proves; what it leaves open is asked here.

The challenge is taken from what was signed: whoever acts on the proof claims it, and only challenges of ours can be claimed.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from webauthn import verify_authentication_response, verify_registration_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_attestation_object, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat
from webauthn.registration.verify_registration_response import VerifiedRegistration

from mainspring.core.errors import MainspringError
from mainspring.core.observability.logs import get_logger
from mainspring.core.settings import Settings

from .rows import NewPasskey, PasskeyRow, ShownPasskey
from .schemas import Assertion, Attestation

T = TypeVar("T")
log = get_logger(__name__)
ALGORITHMS = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
# we ask for no attestation; "packed" is what keys without a certificate may still say about themselves
FORMATS = (AttestationFormat.NONE, AttestationFormat.PACKED)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who passkeys belong to: a domain, and the pages that may ask for them."""

    id: str
    name: str
    origins: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings) -> "RelyingParty":
        """This installation."""
        public = urlsplit(settings.public_url)
        id = settings.mfa.rp_id or public.hostname or "localhost"
        pages = (f"{public.scheme}://{public.netloc}", *settings.allowed_origins)
        own = tuple(page for page in pages if _is_below(urlsplit(page).hostname or "", id))
        return cls(id, settings.mfa.issuer or settings.service_name, own)


class Judge:
    """Looks at passkeys for one relying party. What is wrong with one is logged, and never told."""

    def __init__(self, party: RelyingParty, refusal: type[MainspringError]) -> None:
        self.party, self.refusal = party, refusal

    def registered(self, made: Attestation) -> NewPasskey:
        """A new passkey. Raises the refusal."""
        return self._judged(lambda: self._registered(made))

    def signed(self, used: Assertion, passkey: PasskeyRow, *, needs_person: bool) -> ShownPasskey:
        """A passkey that was used; `needs_person` where it must have checked who holds it. Raises the refusal."""
        return self._judged(lambda: self._signed(used, passkey, needs_person))

    def _judged(self, deed: Callable[[], T]) -> T:
        try:
            return deed()
        except Exception as wrong:  # forged CBOR and JSON make the library raise anything
            log.info("passkey_refused", kind=type(wrong).__name__)
            raise self.refusal() from wrong

    def _registered(self, made: Attestation) -> NewPasskey:
        challenge = self._challenge(made.response.client_data_json)
        if parse_attestation_object(decoded(made.response.attestation_object)).fmt not in FORMATS:
            raise ValueError("an attestation that nobody asked for")
        found: VerifiedRegistration = verify_registration_response(
            credential=_json(made),
            expected_challenge=challenge,
            expected_rp_id=self.party.id,
            expected_origin=list(self.party.origins),
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
        if encoded(found.credential_id) != made.id:
            raise ValueError("two credential ids")
        return NewPasskey(
            challenge=challenge.hex(),
            credential_id=made.id,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            transports=tuple(made.response.transports),
            aaguid=found.aaguid,
            is_backed_up=found.credential_backed_up,
        )

    def _signed(self, used: Assertion, passkey: PasskeyRow, needs_person: bool) -> ShownPasskey:
        challenge = self._challenge(used.response.client_data_json)
        handle = used.response.user_handle
        if handle is not None and decoded(handle) != passkey.user_id.bytes:
            raise ValueError("a passkey of somebody else")
        found: VerifiedAuthentication = verify_authentication_response(
            credential=_json(used),
            expected_challenge=challenge,
            expected_rp_id=self.party.id,
            expected_origin=list(self.party.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared where it is written, by one statement
            require_user_verification=needs_person,
        )
        return ShownPasskey(
            passkey=passkey,
            challenge=challenge.hex(),
            sign_count=found.new_sign_count,
            is_backed_up=found.credential_backed_up,
            checked_person=found.user_verified,
        )

    def _challenge(self, client_data: str) -> bytes:
        said = parse_client_data_json(decoded(client_data))
        if said.cross_origin:
            raise ValueError("asked for inside a page of another origin")
        return said.challenge


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Base64url to bytes. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(credential: Attestation | Assertion) -> dict[str, Any]:
    return credential.model_dump(by_alias=True, exclude_none=True)


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
