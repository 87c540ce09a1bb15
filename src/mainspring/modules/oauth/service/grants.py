"""Codes, and the sessions that clients get for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.observability import security_events
from mainspring.core.settings import Settings
from mainspring.modules.auth.errors import RefreshTokenInvalid, RefreshTokenRevoked
from mainspring.modules.auth.ports import CLIENT
from mainspring.modules.auth.rows import PresentedRefresh, SessionRow, TokenRow, Tokens
from mainspring.modules.auth.service import Admission, RotationService, SessionService
from mainspring.modules.auth.service.holding import hold_admissions

from ..errors import InvalidGrant, UnauthorizedClient
from ..events import AccessGranted, AccessWithdrawn, CodeReused
from ..proofs import answers, hash_of, new_code
from ..repository import CodeRepository, GrantRepository
from ..rows import REFRESH, ClientRow, CodeRow, GrantRow, Wish
from .consents import ConsentService

BY_CLIENT, CLIENT_GONE = "revoked_by_client", "client_deleted"  # nobody is told of these ends
CODE_LIFE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a client was let in for. `session` says how the user signed in; a client that acts by itself has none."""

    tokens: Tokens
    scopes: Sequence[str]
    session: SessionRow | None
    nonce: str | None = None
    key_thumbprint: str | None = None


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code with what proves that its client asked for it. `key_thumbprint` is that of the key that its tokens get bound to."""

    code: str = field(repr=False)
    redirect_uri: str
    verifier: str = field(repr=False)
    key_thumbprint: str | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the owner of a session on our page allowed a client; `is_here` when the client is in the same browser."""

    user_id: UUID
    session_id: UUID
    scopes: Sequence[str]
    nonce: str | None
    key_thumbprint: str | None
    is_here: bool = False


class GrantService:
    """A grant is a session of its own, so ending it, disabling its user and a changed password end what the client may do."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.codes = CodeRepository(uow)
        self.grants = GrantRepository(uow)
        self.sessions = SessionService(uow)

    async def offer(self, wish: Wish, session: SessionRow) -> str:
        """A code for what the owner of the session allowed. It is stored as a hash: hand it over now."""
        code, now = new_code(), clock.now()
        row = CodeRow(
            id=ids.new(),
            client_id=wish.client.id,
            user_id=session.user_id,
            session_id=session.id,
            redirect_uri=wish.redirect_uri,
            challenge=wish.challenge,
            scopes=list(wish.scopes),
            nonce=wish.nonce,
            given_session_id=None,
            key_thumbprint=wish.key_thumbprint,
        )
        await self.codes.add(row, hash_of(code), now, now + CODE_LIFE)
        return code

    async def exchange(self, client: ClientRow, shown: ShownCode) -> Granted:
        """A session for a code, which is used up whatever comes of it. Raises InvalidGrant.

        A code that comes a second time ends what it gave: somebody has it who should not (RFC 6749 4.1.2).
        """
        row = await self.codes.claim(hash_of(shown.code), client.id, clock.now())
        if row is None:
            await self._end_what_it_gave(client, shown.code)
            raise InvalidGrant()
        if not _fits(shown, row):
            security_events.suspicious_activity(row.user_id, "oauth_code_misused", clientId=str(client.id))
            raise InvalidGrant()
        wished = Allowed(row.user_id, row.session_id, row.scopes, row.nonce, shown.key_thumbprint, is_here=True)
        granted = await self.let_in(client, wished)
        await self.codes.note_given(row.id, granted.tokens.session_id)
        return granted

    async def let_in(self, client: ClientRow, allowed: Allowed) -> Granted:
        """A session for what somebody allowed on our page, if that still holds. Raises InvalidGrant."""
        await hold_admissions(self.uow, allowed.user_id)
        if not await ConsentService(self.uow).covers(allowed.user_id, client.id, allowed.scopes):
            raise InvalidGrant()
        try:
            tokens = await Admission(self.uow).delegate(allowed.session_id, allowed.user_id, client.name, self._life(client))
        except RefreshTokenRevoked:
            raise InvalidGrant() from None
        page_session_id = allowed.session_id if allowed.is_here else None
        await self._add(client, tokens, allowed.scopes, allowed.key_thumbprint, page_session_id)
        session = await self.sessions.alive(tokens.session_id)
        return Granted(tokens, allowed.scopes, session, allowed.nonce, allowed.key_thumbprint)

    async def serve(self, client: ClientRow, scopes: Sequence[str], key_thumbprint: str | None) -> Granted:
        """A session of the client's service account, as long as one access token. Raises UnauthorizedClient."""
        if client.service_account_id is None:
            raise UnauthorizedClient()
        life = self.uow.port(Settings).access_token_ttl
        try:
            tokens = await Admission(self.uow).serve(client.service_account_id, client.name, life)
        except RefreshTokenRevoked:
            raise UnauthorizedClient("The service account of the client is disabled or deleted.") from None
        await self._add(client, tokens, scopes, key_thumbprint)
        return Granted(tokens, scopes, None, key_thumbprint=key_thumbprint)

    async def of_refresh(self, client: ClientRow, token: str) -> tuple[GrantRow, TokenRow]:
        """The grant behind a refresh token of this client, alive or not. Raises InvalidGrant."""
        try:
            row = await RotationService(self.uow).known(PresentedRefresh(token, CLIENT, _no_proof_needed))
        except RefreshTokenInvalid:
            raise InvalidGrant() from None
        grant = await self.grants.by_id(row.session_id)
        if grant is None or grant.client_id != client.id:
            raise InvalidGrant()
        return grant, row

    async def of_session(self, session_id: UUID) -> GrantRow | None:
        """What a client may do in a session."""
        return await self.grants.by_id(session_id)

    async def end(self, grant: GrantRow) -> None:
        """End the session of a grant, with all of its tokens."""
        if await self.sessions.end_several([grant.id], BY_CLIENT):
            self.uow.publish(AccessWithdrawn(grant.client_id, grant.user_id, tuple(grant.scopes)))

    async def follow(self, before: UUID, after: UUID) -> None:
        """The same person signed in again on our page: the new session takes the place of the old one for clients too."""
        await self.grants.move(before, after)

    async def prune(self, before: datetime) -> int:
        """Remove codes and sessions that were over before then; how many there were."""
        return await self.codes.prune(before) + await self.sessions.prune(CLIENT, before)

    def _life(self, client: ClientRow) -> timedelta | None:
        """A client that may not refresh gets a session that is as short as its access token."""
        return None if REFRESH in client.grants else self.uow.port(Settings).access_token_ttl

    async def _add(
        self,
        client: ClientRow,
        tokens: Tokens,
        scopes: Sequence[str],
        key_thumbprint: str | None,
        page_session_id: UUID | None = None,
    ) -> None:
        row = GrantRow(tokens.session_id, client.id, tokens.user_id, list(scopes), key_thumbprint, page_session_id)
        await self.grants.add(row)
        self.uow.publish(AccessGranted(client.id, tokens.user_id, tuple(scopes)))

    async def _end_what_it_gave(self, client: ClientRow, code: str) -> None:
        used = await self.codes.used(hash_of(code), client.id)
        if used is None or used.given_session_id is None:
            return
        await self.sessions.end_several([used.given_session_id], "code_reuse")
        self.uow.publish(CodeReused(client.id, used.user_id, tuple(used.scopes)))
        security_events.suspicious_activity(used.user_id, "oauth_code_reused", clientId=str(client.id))


def _fits(shown: ShownCode, row: CodeRow) -> bool:
    """Whether the code comes with what it was asked with."""
    is_bound = row.key_thumbprint is not None
    if is_bound and shown.key_thumbprint != row.key_thumbprint:
        return False
    return row.redirect_uri == shown.redirect_uri and answers(shown.verifier, row.challenge)


def may_use(client: ClientRow, grant: str) -> None:
    """Raise UnauthorizedClient unless the client may use the grant."""
    if grant not in client.grants:
        raise UnauthorizedClient()


def _no_proof_needed(session_id: UUID) -> None:
    """The client proved itself before."""
