"""Who is still allowed: a memory of each session and API key that is at most one second old (ARCHITECTURE 10 f, D-06, D-22).

Whoever finds it too old asks the loader, which answers everybody waiting with one pair of queries and renews on the way the
sessions in use that are about to grow old. So 200 busy sessions cost one or two pairs a second, not 200.
"""

import asyncio
import contextvars
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import UUID

from .. import clock, tasks
from .ports import Held, KeyState, PermissionSource

if TYPE_CHECKING:
    from ..database import UnitOfWork

MAX_AGE = 1.0  # seconds, counted from before the query was sent
RENEW_AFTER = 0.7  # of the age; from then on a session in use is renewed, and nobody waits for it
JOIN_AFTER = 0.3  # of the age; from then on it joins a batch that goes anyway, so that all come to go together
BATCH = 500  # sessions a query
CAPACITY = 100_000


class Living(Protocol):
    """What there is to know of whatever is remembered here: whose it is, and when it ends."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""
        ...

    @property
    def expires_at(self) -> datetime:
        """When it ends."""
        ...


S = TypeVar("S", bound=Living)


class Source(Protocol[S]):
    """Knows which are alive: `SessionSource` or `KeySource`."""

    async def live(self, uow: "UnitOfWork", ids: Sequence[UUID], /) -> dict[UUID, S]:
        """The living ones among `ids`."""
        ...


class Snapshot(Generic[S]):
    """What was true of a session at one moment. It may be believed until `fresh_until`, in monotonic seconds; from `renew_at`
    on, `Snapshots.of` should be asked, which mostly answers at once and renews behind."""

    __slots__ = ("fresh_until", "held", "loaded_at", "renew_at", "state", "used_at")

    def __init__(self, state: S | None, held: Held, loaded_at: float, renew_at: float, fresh_until: float) -> None:
        self.state, self.held = state, held  # no state: the session is dead
        self.loaded_at, self.renew_at, self.fresh_until = loaded_at, renew_at, fresh_until
        self.used_at = loaded_at

    def void(self) -> None:
        """From now on, whoever still holds this must ask again."""
        self.renew_at = self.fresh_until = 0.0


class Follower(Protocol):
    """Remembers something of its own about users."""

    def forget_user(self, user_id: UUID) -> None:
        """Drop what is known of the user."""
        ...

    def forget_all(self) -> None:
        """Drop everything."""
        ...


Asked = dict[UUID, list[asyncio.Future[Snapshot[S]]]]


class Snapshots(Generic[S]):
    """The sessions in use of this process. `reading` opens a read unit, `monotonic` tells seconds.

    The `followers` forget a user, or everybody, when these do.
    """

    def __init__(
        self,
        reading: Callable[[], "AbstractAsyncContextManager[UnitOfWork]"],
        sessions: Source[S],
        permissions: PermissionSource,
        *,
        followers: "Sequence[Follower]" = (),
        max_age: float = MAX_AGE,
        capacity: int = CAPACITY,
        monotonic: Callable[[], float] = clock.monotonic,
    ) -> None:
        self.reading, self.sessions, self.permissions = reading, sessions, permissions
        self.max_age, self.capacity, self.monotonic = max_age, capacity, monotonic
        self.followers = followers
        self._of_session: dict[UUID, Snapshot[S]] = {}
        self._waiting: Asked[S] = {}
        self._loader: asyncio.Task[None] | None = None
        self._voided_sessions: set[UUID] = set()
        self._voided_users: set[UUID] = set()
        self._voided_all = False

    async def of(self, session_id: UUID) -> Snapshot[S]:
        """The session's snapshot, fresh now. Raises what the database raises when it cannot be asked."""
        known = self._of_session.get(session_id)
        now = self.monotonic()
        if known is not None and now < known.fresh_until:
            known.used_at = now
            if now >= known.renew_at:
                known.renew_at = known.fresh_until  # one renewal is enough
                self._waiting.setdefault(session_id, [])
                self._wake_loader()
            return known
        answer: asyncio.Future[Snapshot[S]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(session_id, []).append(answer)
        self._wake_loader()
        return await answer

    def forget_session(self, session_id: UUID) -> None:
        """Drop what is known of the session. Call it after the commit that changed it."""
        self._voided_sessions.add(session_id)
        self._drop([session_id])

    def forget_user(self, user_id: UUID) -> None:
        """Drop what is known of all sessions of the user. Call it after the commit that changed them."""
        self._voided_users.add(user_id)
        self._drop([id for id, known in self._of_session.items() if known.state is None or known.state.user_id == user_id])
        for follower in self.followers:
            follower.forget_user(user_id)

    def forget_all(self) -> None:
        """Drop everything, as after a change of a role's permissions. Call it after the commit."""
        self._voided_all = True
        self._drop(list(self._of_session))
        for follower in self.followers:
            follower.forget_all()

    async def stop(self) -> None:
        """End the loader; whoever still waits is cancelled."""
        if self._loader is not None and not self._loader.done():
            await tasks.stop(self._loader)
        waiting, self._waiting = self._waiting, {}
        _cancel(waiting)

    def _drop(self, session_ids: Iterable[UUID]) -> None:
        for session_id in session_ids:
            known = self._of_session.pop(session_id, None)
            if known is not None:
                known.void()

    def _wake_loader(self) -> None:
        if self._loader is None or self._loader.done():
            # an empty context: the loader works for everybody, so it must not log as the request that woke it
            self._loader = tasks.start(self._load_while_asked(), name="session snapshots", context=contextvars.Context())

    async def _load_while_asked(self) -> None:
        """Load until nobody waits. An error goes to those who wait, and never ends the loader."""
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                await self._load(asked)
            except asyncio.CancelledError:
                _cancel(asked)
                raise
            except Exception as failure:  # whatever it is, it belongs to those who asked
                for answer in _open(asked):
                    answer.set_exception(failure)

    async def _load(self, asked: Asked[S]) -> None:
        wanted = list(dict.fromkeys([*asked, *self._joining()]))
        for start in range(0, len(wanted), BATCH):
            loaded = await self._loaded(wanted[start : start + BATCH])
            for session_id, snapshot in loaded.items():
                self._drop([session_id])  # whoever holds the older one would not hear of the next change
                self._of_session[session_id] = snapshot
                for answer in asked.get(session_id, ()):
                    if not answer.done():
                        answer.set_result(snapshot)
        for session_id, answers in asked.items():  # changed while we asked: once more
            still = [answer for answer in answers if not answer.done()]
            if still:
                self._waiting.setdefault(session_id, []).extend(still)

    async def _loaded(self, session_ids: list[UUID]) -> dict[UUID, Snapshot[S]]:
        """One pair of queries. What was forgotten meanwhile is left out, since the answer may be older than the change."""
        self._voided_sessions.clear()
        self._voided_users.clear()
        self._voided_all = False
        asked_at = self.monotonic()
        async with self.reading() as uow:
            states = await self.sessions.live(uow, session_ids)
            users = list({state.user_id for state in states.values()})
            held = await self.permissions.held(uow, users) if users else {}
        if self._voided_all:
            return {}
        loaded = {}
        for session_id in session_ids:
            state = states.get(session_id)
            if session_id in self._voided_sessions or (state is not None and state.user_id in self._voided_users):
                continue
            rights = held.get(state.user_id, Held()) if state is not None else Held()
            fresh_until = self._fresh_until(state, rights, asked_at)
            renew_at = min(asked_at + self.max_age * RENEW_AFTER, fresh_until)
            loaded[session_id] = Snapshot(state, rights, asked_at, renew_at, fresh_until)
        return loaded

    def _fresh_until(self, state: S | None, held: Held, asked_at: float) -> float:
        """A second on, or earlier when the session or something it may do ends earlier (R-108)."""
        until, now = asked_at + self.max_age, clock.now()
        ends = [end for end in (held.ends_at, state.expires_at if state else None) if end is not None and end > now]
        if ends:
            until = min(until, self.monotonic() + (min(ends) - now).total_seconds())
        return until

    def _joining(self) -> list[UUID]:
        """The sessions in use that join the batch. Those that nobody uses any more are dropped on the way."""
        now = self.monotonic()
        for session_id in [
            id for id, known in self._of_session.items() if known.fresh_until <= now and known.used_at <= known.loaded_at
        ]:
            del self._of_session[session_id]
        for session_id in list(self._of_session)[: max(0, len(self._of_session) - self.capacity)]:
            del self._of_session[session_id]
        return [
            id
            for id, known in self._of_session.items()
            if known.state is not None and known.used_at > known.loaded_at and now - known.loaded_at > self.max_age * JOIN_AFTER
        ]


class KeySnapshots(Snapshots[KeyState]):
    """The API keys in use of this process; `forget_session` forgets a key."""


def _open(asked: Asked[S]) -> list[asyncio.Future[Snapshot[S]]]:
    return [answer for answers in asked.values() for answer in answers if not answer.done()]


def _cancel(asked: Asked[S]) -> None:
    for answer in _open(asked):
        answer.cancel()
