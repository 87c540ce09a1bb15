"""Refresh tokens: each is used once, a second use within the grace window is forgiven, any other ends the family.

One conditional UPDATE decides who rotates (D-05). For the grace window the used token's row holds its successor, sealed under
the used token itself, so that ten tabs that refresh at once all get the same one (D-04, ARCHITECTURE 10 g).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.observability import security_events
from mainspring.core.security.snapshots import Snapshots
from mainspring.core.settings import Settings

from ..errors import RefreshTokenExpired, RefreshTokenInvalid, RefreshTokenReused, RefreshTokenRevoked
from ..events import RefreshReused
from ..ports import SessionFollower
from ..repository import RefreshTokenRepository
from ..rows import PresentedRefresh, TokenRow, Tokens, proved_two
from ..sealing import seal, token_hash, unseal
from .keeping import SessionKeeper
from .opening import REFRESH_TOKEN_BYTES
from .sessions import is_alive

REUSE = "refresh_reuse"


@dataclass(frozen=True, slots=True)
class Successor:
    """The token that follows, made before the unit begins: sealing takes longer than the statement that needs it."""

    token: str
    hash: str
    sealed: bytes | None


class RotationService:
    """Turns a refresh token into the next one of its session."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.settings = uow.port(Settings)
        self.tokens = RefreshTokenRepository(uow)

    async def known(self, presented: PresentedRefresh) -> TokenRow:
        """The row of a token that came the way it was given. Noise never reaches for the writer.

        Raises RefreshTokenInvalid, and RefreshTokenRevoked when the store of sessions holds no longer what the row says is alive.
        """
        row = await self._row(presented.token)
        if row.transport != presented.transport:  # a cookie's token has no business in a body, nor the other way (D-08)
            raise RefreshTokenInvalid()
        is_alive_by_row = is_alive(row.session_ended_at, row.session_expires_at, clock.now())
        if is_alive_by_row and not await SessionKeeper(self.uow).is_held(row.session_id):
            raise RefreshTokenRevoked()
        return row

    async def of_cookie(self, token: str) -> TokenRow | None:
        """The row of a token that was given in a cookie; None for any other, and when its session has ended."""
        row = await self.tokens.by_hash(token_hash(token))
        return row if row and row.transport == "cookie" and row.session_ended_at is None else None

    async def live(self, presented: PresentedRefresh) -> TokenRow:
        """The same for a token that could be used now. Raises RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked."""
        row = await self.known(presented)
        now = clock.now()
        if row.session_ended_at is not None:
            raise RefreshTokenRevoked()
        if min(row.expires_at, row.session_expires_at) <= now:
            raise RefreshTokenExpired()
        if row.used_at is not None and now - row.used_at > self.settings.refresh_grace:
            raise RefreshTokenInvalid()
        return row

    def successor(self, token: str, row: TokenRow) -> Successor:
        """The next token, sealed under this one unless there is no grace."""
        following = ids.secret(REFRESH_TOKEN_BYTES)
        sealed = seal(following, token, row.session_id) if self.settings.refresh_grace else None
        return Successor(following, token_hash(following), sealed)

    async def rotate(self, token: str, row: TokenRow, successor: Successor) -> Tokens:
        """Use the token up and answer the next one.

        Raises RefreshTokenExpired, RefreshTokenRevoked, and RefreshTokenReused after ending the session.
        """
        now = clock.now()
        if not await self.tokens.claim(token_hash(token), successor.sealed, successor.hash, now):
            return await self._second_use(token)
        expires_at = min(now + self.settings.refresh_token_ttl, row.session_expires_at)
        await self.tokens.add(row.session_id, successor.hash, expires_at)
        if not await SessionKeeper(self.uow).touch(row.session_id, now):
            raise RefreshTokenRevoked()  # ended between the two statements
        return _tokens(row, successor.token, expires_at)

    async def left_sealed(self) -> list[str]:
        """Hashes of the tokens whose window is over and that still hold a successor."""
        return await self.tokens.left_sealed(clock.now() - self.settings.refresh_grace)

    async def erase(self, token_hashes: Sequence[str]) -> None:
        """Erase the successors in these tokens' rows."""
        await self.tokens.erase(token_hashes)

    async def _row(self, token: str) -> TokenRow:
        row = await self.tokens.by_hash(token_hash(token))
        if row is None:
            raise RefreshTokenInvalid()
        return row

    async def _second_use(self, token: str) -> Tokens:
        row = await self._row(token)
        now = clock.now()
        if row.session_ended_at is not None:
            raise RefreshTokenRevoked()
        if not is_alive(row.session_ended_at, row.session_expires_at, now) or row.used_at is None:
            raise RefreshTokenExpired()
        return await self._forgiven(token, row, row.used_at, now) or await self._reused(row, now)

    async def _forgiven(self, token: str, row: TokenRow, used_at: datetime, now: datetime) -> Tokens | None:
        """The successor again: within the window, and only while it is itself unused."""
        if row.successor is None or row.successor_hash is None or now - used_at > self.settings.refresh_grace:
            return None
        following = await self.tokens.by_hash(row.successor_hash)
        if following is None or following.used_at is not None or following.expires_at <= now:
            return None
        refresh_token = unseal(row.successor, token, row.session_id)
        if refresh_token is None:
            return None
        return _tokens(row, refresh_token, following.expires_at)

    async def _reused(self, row: TokenRow, now: datetime) -> Tokens:
        if await SessionKeeper(self.uow).end(row.user_id, row.session_id, REUSE, now):
            await self.uow.port(SessionFollower).ended(self.uow, [row.session_id], REUSE)
        self.uow.publish(RefreshReused(row.session_id, row.user_id))
        snapshots = self.uow.port(Snapshots)
        self.uow.after_commit(lambda: snapshots.forget_session(row.session_id))
        security_events.suspicious_activity(row.user_id, REUSE, sessionId=row.session_id)
        raise RefreshTokenReused()


def _tokens(row: TokenRow, refresh_token: str, expires_at: datetime) -> Tokens:
    has_two = proved_two(row.method, row.second_factor)
    return Tokens(row.session_id, row.user_id, refresh_token, expires_at, row.transport, has_two)
