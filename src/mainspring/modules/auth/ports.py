"""What auth takes from outside when there is somebody who knows, and what it does for modules that open other ways in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.security.tokens import AccessToken, ForClient

from .rows import Entered, MfaRequired, Tokens

PAGE = "page"  # the transport of a session on our own sign-in page: its one token is a cookie that no route of the API reads
CLIENT = "oauth"  # that of a session that somebody let an OAuth client have


class PlaceFinder(Protocol):
    """Tells where a network address is, for the owner of an account who looks at his sessions.

    By default nobody knows. A module that requires auth provides one: `provides={PlaceFinder: "places:finder"}`. It is asked at
    each sign-in while a transaction is open, so it looks into memory and asks no server.
    """

    def place_of(self, address: str) -> str | None:
        """A place in words, such as `Berlin, Germany`; None when it is not known."""
        ...


class SignInPage(Protocol):
    """Signing in on a page of our own, with the limits and the second factor of every other way."""

    async def sign_in(self, context: Context, email: str, password: str) -> Entered | MfaRequired:
        """Raises InvalidCredentials, TooManyRequests, Unavailable."""
        ...

    async def verify(self, context: Context, mfa_token: str, shown: str) -> Entered:
        """The second step; `shown` is a code of the app, or else a recovery code.

        Raises MfaTokenInvalid, SecondFactorRefused, TooManyRequests.
        """
        ...


class ClientTokens(Protocol):
    """The tokens of sessions that OAuth clients have. Their refresh tokens are rotated as everybody's (D-04)."""

    async def refresh(self, context: Context, token: str, confirm: Callable[[UUID], None]) -> Tokens:
        """The next refresh token. What `confirm` raises for the session is raised before anything changes.

        Raises RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked, RefreshTokenReused.
        """
        ...

    def sign(self, tokens: Tokens, client: ForClient) -> AccessToken:
        """An access token of the session; about 0.8 ms of processor time, so never inside a unit of work."""
        ...


class SessionStore(Protocol):
    """Says beside the rows which sessions are alive (R-086, decision 38). It never says more than the rows do.

    Whatever a store outside the database is asked raises Unavailable when it does not answer in time.
    """

    @property
    def is_apart(self) -> bool:
        """Whether it may know of fewer sessions than the rows do."""
        ...

    async def hold(self, session_id: UUID, authenticated_at: datetime, expires_at: datetime) -> None:
        """A session began; forget it when it expires. Call it in the unit that begins it: a key without a row opens nothing."""
        ...

    async def held(self, session_ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """Those that it holds, with the moment at which each was last proved."""
        ...

    async def prove(self, session_id: UUID, authenticated_at: datetime) -> bool:
        """A session was proved again; False, and nothing changes, when it is not held."""
        ...

    async def drop(self, session_ids: Sequence[UUID]) -> None:
        """Sessions are over. Call it in the unit that ends them: when that fails afterwards, they are over all the same."""
        ...

    async def risks(self) -> list[tuple[str, str]]:
        """What in its settings signs people out: sentences, each with its cure."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class OtherWaysIn(Protocol):
    """Ways into an account that another module keeps, such as links to outside identities.

    By default there are none. Whoever has some provides it, so that they go in the same transaction as all others when the owner
    of a mailbox takes over an account that somebody else may have made with his address (decision 112).
    """

    async def take(self, uow: UnitOfWork, user_id: UUID) -> tuple[str, ...]:
        """Remove them all; the words for what there was, none when there was nothing."""
        ...


class SessionFollower(Protocol):
    """Hears of sessions that were ended, in the transaction that ended them, so that nothing of it is lost.

    By default nobody does. Time that is over ends no session in this sense. It sends nothing itself: it enqueues.
    """

    async def ended(self, uow: UnitOfWork, session_ids: Sequence[UUID], reason: str) -> None:
        """These sessions were alive until now; `reason` is the word of their rows."""
        ...
