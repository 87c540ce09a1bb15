"""Authorization requests, checked in the order that decides who may be told what is wrong (RFC 6749 4.1.2.1)."""

from collections.abc import Mapping
from dataclasses import replace

from mainspring.core.database import UnitOfWork

from ..errors import BadAuthorization, Declined, InvalidScope
from ..proofs import is_challenge
from ..redirects import is_registered
from ..rows import CODE, ClientRow, PushedRow, Wish
from ..scopes import asked
from .clients import ClientService

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
LONGEST_STATE, LONGEST_NONCE = 2000, 500
FOREIGN = {  # what others offer, and its word (OpenID Connect Core 3.1.2.6)
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


class RequestService:
    """Turns the parameters of a request into a wish."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    async def check(self, sent: Mapping[str, str], pushed: PushedRow | None = None) -> Wish:
        """What the client asks for. When it pushed its request, only that counts (RFC 9126 4).

        Raises BadAuthorization as long as nobody vouches for the redirect URI: the browser goes nowhere. Everything after that
        raises Declined, which is told to the client.
        """
        client = await ClientService(self.uow).named(sent.get("client_id", ""))
        if pushed is not None:
            sent = pushed.parameters
        redirect_uri = sent.get("redirect_uri", "")
        if client is None or not is_registered(redirect_uri, client.redirect_uris):
            raise BadAuthorization()
        state = sent.get("state")
        try:
            return replace(self._wish(client, redirect_uri, sent, state), pushed=pushed)
        except _Wrong as wrong:
            raise Declined(wrong.error, wrong.description, redirect_uri, state) from None

    def _wish(self, client: ClientRow, redirect_uri: str, sent: Mapping[str, str], state: str | None) -> Wish:
        if CODE not in client.grants:
            raise _Wrong("unauthorized_client", "The client may not use this grant.")
        for name, error in FOREIGN.items():
            if name in sent:
                raise _Wrong(error, f"The parameter {name} is not supported.")
        if sent.get("response_type") != "code":
            known = "response_type" in sent
            raise _Wrong("unsupported_response_type" if known else "invalid_request", "The response_type must be code.")
        if sent.get("response_mode", "query") != "query":
            raise _Wrong("invalid_request", "The response_mode must be query.")
        challenge = sent.get("code_challenge", "")
        if sent.get("code_challenge_method") != "S256" or not is_challenge(challenge):
            raise _Wrong("invalid_request", "PKCE is needed: code_challenge with code_challenge_method=S256.")
        nonce = sent.get("nonce")
        if len(state or "") > LONGEST_STATE or len(nonce or "") > LONGEST_NONCE:
            raise _Wrong("invalid_request", "The state or the nonce is too long.")
        return Wish(
            client=client,
            redirect_uri=redirect_uri,
            scopes=_scopes(sent.get("scope"), client),
            state=state,
            nonce=nonce,
            challenge=challenge,
            prompts=_prompts(sent.get("prompt", "")),
            max_age=_max_age(sent.get("max_age")),
            login_hint=sent.get("login_hint"),
            key_thumbprint=_thumbprint(sent.get("dpop_jkt")),
        )


class _Wrong(Exception):
    """What is wrong with a request whose client may be told."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def _scopes(text: str | None, client: ClientRow) -> tuple[str, ...]:
    try:
        scopes = asked(text, client.scopes)
    except InvalidScope as wrong:
        raise _Wrong(wrong.code, wrong.message) from None
    if not scopes:
        raise _Wrong("invalid_scope", "The request names no scope.")
    return scopes


def _prompts(text: str) -> frozenset[str]:
    prompts = frozenset(text.split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise _Wrong("invalid_request", "The prompt is none, or some of login, consent and select_account.")
    return prompts


def _thumbprint(text: str | None) -> str | None:
    """The key that the code is bound to (RFC 9449 10)."""
    if text is not None and not is_challenge(text):
        raise _Wrong("invalid_request", "The dpop_jkt is no thumbprint of a key.")
    return text


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _Wrong("invalid_request", "The max_age is a number of seconds.")
    return int(text)
