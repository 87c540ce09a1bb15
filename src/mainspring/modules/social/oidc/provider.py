"""A provider that speaks OpenID Connect, from the address that the browser is sent to up to who came back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from mainspring.core import clock
from mainspring.core.email_address import normalised
from mainspring.core.observability import get_logger

from ..errors import SignInRefused
from ..rows import Answer, Asked, Identity, LoggedOut
from ..secrecy import challenge_of
from .asking import Asking
from .client_proofs import ClientProof
from .discovery import Discovery
from .id_tokens import Claims, Expected, IdTokens, issuer_of, subject_of
from .key_sets import KeySet
from .logout_tokens import LogoutTokens, session_of

LONGEST_TOKEN = 16_384
LONGEST_NAME = 200
LONGEST_URL = 2_048

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to a provider, and what we ask it for."""

    name: str
    label: str
    client_id: str
    scopes: tuple[str, ...]
    proof: ClientProof
    keep_tokens: bool = False
    posts_back: bool = False
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    extra: Mapping[str, str] | None = None
    vouches: tuple[str, ...] = ("email_verified",)
    own_tenant: str | None = None


class OidcProvider:
    """`Provider` for every issuer with a discovery document."""

    def __init__(self, client: Client, discovery: Discovery) -> None:
        self.client, self.discovery = client, discovery
        self.name, self.label, self.posts_back = client.name, client.label, client.posts_back
        self.issuer = discovery.issuer
        self.asking: Asking = discovery.asking
        keys = KeySet(self.asking, self._where_keys_are)
        self.id_tokens = IdTokens(client.name, self.issuer, client.client_id, keys)
        self.logout_tokens = LogoutTokens(client.name, self.issuer, client.client_id, keys)

    async def address(self, asked: Asked) -> str:
        """The authorization endpoint with the question (OpenID Connect Core 3.1.2.1, RFC 7636)."""
        metadata = await self.discovery.metadata()
        question = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": asked.redirect_uri,
            "scope": " ".join(self.client.scopes),
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge_of(asked.verifier),
            "code_challenge_method": "S256",
            **(self.client.extra or {}),
        }
        if self.client.max_age is not None:
            question["max_age"] = str(self.client.max_age)
        if self.client.acr_values:
            question["acr_values"] = " ".join(self.client.acr_values)
        if self.posts_back:
            question["response_mode"] = "form_post"
        endpoint = metadata.authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(question)}"

    async def identity(self, answer: Answer) -> Identity:
        """Trade the code for an ID token, check it, and read who it is about."""
        metadata = await self.discovery.metadata()
        if answer.issuer is None and metadata.answers_with_issuer:
            raise self._refused("iss is missing in the answer")
        if answer.issuer not in (None, self.issuer):
            raise self._refused("the answer is of another issuer")  # RFC 9207 2.4: else providers could be mixed up
        tokens = await self._traded(answer, metadata.token_endpoint, metadata.takes_basic)
        access_token = token_of(tokens)
        expected = Expected(answer.nonce_hash, answer.asked_at, access_token, self.client.max_age, self.client.acr_values)
        claims = await self.id_tokens.verified(tokens.get("id_token"), expected)
        about = claims
        if "email" not in claims and metadata.userinfo_endpoint is not None:
            about = await self._userinfo(metadata.userinfo_endpoint, access_token, subject_of(claims))
        email = address_of(about.get("email"))
        return Identity(
            provider=self.name,
            label=self.label,
            issuer=issuer_of(self.issuer, claims),
            subject=subject_of(claims),
            email=email,
            email_verified=email is not None and self._vouches(about, claims),
            name=name_of(about) or name_of(claims) or answer.name,
            picture=picture_of(about) or picture_of(claims),
            tokens=kept(tokens) if self.client.keep_tokens else None,
            provider_session=session_of(claims),
        )

    async def logged_out(self, token: str | None) -> LoggedOut:
        """Check a logout token."""
        return await self.logout_tokens.verified(token)

    async def _where_keys_are(self) -> str:
        return (await self.discovery.metadata()).jwks_uri

    async def _traded(self, answer: Answer, endpoint: str, takes_basic: bool) -> Mapping[str, Any]:
        proof, headers = self.client.proof(takes_basic)
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": answer.redirect_uri,
            "code_verifier": answer.verifier,
            **proof,
        }
        status, tokens = await self.asking.post(endpoint, form, headers)
        if status != 200:
            raise self._refused(f"the token endpoint answered {status} {word_of(tokens.get('error'))}")
        if str(tokens.get("token_type", "")).lower() != "bearer":
            raise self._refused("the token type is not bearer")
        return tokens

    async def _userinfo(self, endpoint: str, access_token: str, subject: str) -> Claims:
        said = await self.asking.get(endpoint, access_token)
        if not isinstance(said, dict) or said.get("sub") != subject:  # OpenID Connect Core 5.3.2
            raise self._refused("the userinfo is about somebody else")
        return said

    def _vouches(self, about: Claims, claims: Claims) -> bool:
        """Whether the provider says that the address is proved; some say so in text."""
        if self.client.own_tenant is not None and claims.get("tid") == self.client.own_tenant:
            return True
        return any(about.get(name) is True or about.get(name) in ("true", "1") for name in self.client.vouches)

    def _refused(self, reason: str) -> SignInRefused:
        log.warn("social_answer_refused", provider=self.name, reason=reason)
        return SignInRefused()


def token_of(tokens: Mapping[str, Any]) -> str:
    """The access token of an answer. Raises SignInRefused."""
    token = tokens.get("access_token")
    if not isinstance(token, str) or not 1 <= len(token) <= LONGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise SignInRefused()
    return token


def kept(tokens: Mapping[str, Any]) -> str:
    """What is kept of an answer with tokens, as JSON."""
    life = tokens.get("expires_in")
    until = clock.now().timestamp() + life if isinstance(life, int | float) else None
    parts = {name: tokens[name] for name in ("access_token", "refresh_token", "scope") if isinstance(tokens.get(name), str)}
    return orjson.dumps({**parts, "expires_at": until}).decode()


def address_of(said: object) -> str | None:
    """An address in our spelling; None for what is none."""
    try:
        return normalised(said) if isinstance(said, str) else None
    except ValueError:
        return None


def name_of(about: Claims) -> str | None:
    """What the person is called there."""
    whole = about.get("name") or " ".join(str(about[one]) for one in ("given_name", "family_name") if about.get(one))
    return whole.strip()[:LONGEST_NAME] or None if isinstance(whole, str) else None


def picture_of(about: Claims, claim: str = "picture") -> str | None:
    """Where a picture of the person is; nothing is fetched from there."""
    said = about.get(claim)
    if not isinstance(said, str) or not said.startswith("https://") or len(said) > LONGEST_URL:
        return None
    return said if said.isascii() and said.isprintable() and " " not in said else None


def word_of(error: object) -> str:
    """An error code for the log: the words of RFC 6749 5.2, nothing else."""
    return error if isinstance(error, str) and len(error) <= 60 and error.replace("_", "").isalnum() else ""
