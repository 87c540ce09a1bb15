"""Passkeys as browsers write them in JSON (WebAuthn Level 3, 5.1.9 and 5.1.10), and what we answer about them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from mainspring.core.http import ListQuery, Out, Schema

from .signing_in import Transport

BASE64URL = r"^[A-Za-z0-9_-]+$"
CredentialId = Annotated[str, StringConstraints(pattern=BASE64URL, max_length=1364)]  # 1023 bytes, the most there are
ClientData = Annotated[str, StringConstraints(pattern=BASE64URL, max_length=8192), Field(alias="clientDataJSON")]
Sealed = Annotated[str, StringConstraints(pattern=BASE64URL, max_length=32_768)]
PublicKeyType = Literal["public-key"]


class FromBrowser(Schema):
    """What a browser made; it may know more fields than we do."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class AttestationResponse(FromBrowser):
    """What a new passkey says about itself."""

    client_data_json: ClientData
    attestation_object: Sealed
    transports: Annotated[list[Annotated[str, StringConstraints(max_length=20)]], Field(max_length=10)] = []


class Attestation(FromBrowser):
    """A new passkey: the JSON of `navigator.credentials.create()`."""

    id: CredentialId
    raw_id: CredentialId
    type: PublicKeyType
    response: AttestationResponse


class AssertionResponse(FromBrowser):
    """What a passkey signed."""

    client_data_json: ClientData
    authenticator_data: Sealed
    signature: Sealed
    user_handle: Annotated[str, StringConstraints(pattern=BASE64URL, max_length=100)] | None = None


class Assertion(FromBrowser):
    """A passkey that was used: the JSON of `navigator.credentials.get()`."""

    id: CredentialId
    raw_id: CredentialId
    type: PublicKeyType
    response: AssertionResponse


class RegisterPasskey(Schema):
    """A new passkey, and what its owner calls it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = "Passkey"
    credential: Attestation


class AskForPasskey(Schema):
    """Nothing to sign in without an address; with the `mfaToken` of a first step a passkey is the second."""

    mfa_token: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class SignInWithPasskey(Schema):
    """A passkey that was used."""

    credential: Assertion
    transport: Transport = "bearer"


class PasskeyQuery(ListQuery):
    """Which passkeys, in which order."""

    sort: Literal["createdAt", "-createdAt"] | None = None


class PasskeyOut(Out):
    """One of the caller's passkeys."""

    id: UUID
    name: str
    is_backed_up: bool = Field(description="Whether it is copied to the owner's other devices.")
    created_at: datetime
    last_used_at: datetime | None


class RelyingPartyOut(Out):
    """Who asks."""

    id: str
    name: str


class PasskeyUserOut(Out):
    """Whose passkey it will be."""

    id: str
    name: str
    display_name: str


class AlgorithmOut(Out):
    """A kind of key that we can check."""

    type: PublicKeyType = "public-key"
    alg: int


class DescriptorOut(Out):
    """A passkey that is known."""

    type: PublicKeyType = "public-key"
    id: str
    transports: list[str]


class SelectionOut(Out):
    """What a passkey must be able to do."""

    resident_key: Literal["required"] = "required"
    require_resident_key: Literal[True] = True
    user_verification: Literal["required"] = "required"


class CreationOptionsOut(Out):
    """For `PublicKeyCredential.parseCreationOptionsFromJSON()`."""

    rp: RelyingPartyOut
    user: PasskeyUserOut
    challenge: str
    pub_key_cred_params: list[AlgorithmOut]
    timeout: int = Field(description="Milliseconds.")
    exclude_credentials: list[DescriptorOut]
    authenticator_selection: SelectionOut = SelectionOut()
    attestation: Literal["none"] = "none"


class RequestOptionsOut(Out):
    """For `PublicKeyCredential.parseRequestOptionsFromJSON()`."""

    challenge: str
    timeout: int = Field(description="Milliseconds.")
    rp_id: str
    allow_credentials: list[DescriptorOut]
    user_verification: Literal["required", "preferred"]
