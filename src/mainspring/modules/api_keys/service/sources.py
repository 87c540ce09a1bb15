"""What API keys answer for core: which are alive, and how much of their budgets is used."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.limits.lending import Written
from mainspring.core.security.ports import KeyState
from mainspring.modules.users.rows import Standing
from mainspring.modules.users.service import UserService

from ..repository import KeyRepository, TallyRepository
from ..rows import OpeningRow
from ..settings import Settings

T = TypeVar("T")
NOTED_FOR = timedelta(seconds=60)


class Keys:
    """Core's `KeySource`: two statements for any number of keys."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.per_minute = application.settings.section(Settings).per_minute

    async def live(self, uow: UnitOfWork, key_ids: Sequence[UUID]) -> dict[UUID, KeyState]:
        """The keys that exist, and whether they have ended."""
        rows = await KeyRepository(uow).openings(key_ids)
        standing = await UserService(uow).standing(list({row.user_id for row in rows}), services=True)
        now = clock.now()
        return {row.id: self._state(row, standing.get(row.user_id), now) for row in rows}

    async def used(self, key_ids: Collection[UUID]) -> None:
        """Note that the keys were used now, at most once a minute whatever the processes say."""
        now = clock.now()
        async with self.application.unit() as uow:
            await KeyRepository(uow).note_used(key_ids, now - NOTED_FOR, now)

    def _state(self, row: OpeningRow, owner: Standing | None, now: datetime) -> KeyState:
        secrets = {row.secret_hash: row.expires_at}
        if row.previous_hash is not None and row.previous_until is not None:
            secrets[row.previous_hash] = row.previous_until
        ended: Literal["expired", "revoked"] | None = None
        if row.revoked_at is not None or owner is None:
            ended = "revoked"
        elif row.expires_at <= now:
            ended = "expired"
        return KeyState(
            key_id=row.id,
            user_id=row.user_id,
            email=owner.email if owner else "",
            scopes=frozenset(row.scopes),
            secrets=secrets,
            expires_at=row.expires_at,
            per_minute=row.per_minute or self.per_minute,
            ended=ended,
        )


class Tallies:
    """Core's `KeyTallies`: one short unit for each change."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def change(self, key: UUID, deed: Callable[[Written | None], tuple[Written, T]]) -> T:
        """Change the tally of a key while this unit holds its row."""
        async with self.application.unit() as uow:
            tallies = TallyRepository(uow)
            written, answer = deed(await tallies.hold(key))
            await tallies.keep(key, written)
        return answer


def key_source(application: Application) -> Keys:
    """The source for an application."""
    return Keys(application)


def key_tallies(application: Application) -> Tallies:
    """The tallies for an application."""
    return Tallies(application)
