"""What says beside the rows that a session is alive: nothing, or Redis."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mainspring.core.adapters import adapter
from mainspring.core.application import Application

from ..ports import SessionStore

ADAPTER = "redis.sessions:RedisSessions"


class RowsAlone:
    """`SESSION_STORE=database`: the rows know everything."""

    is_apart = False

    async def hold(self, session_id: UUID, authenticated_at: datetime, expires_at: datetime) -> None:
        """The row holds it."""

    async def held(self, session_ids: Sequence[UUID]) -> dict[UUID, datetime]:
        """Nothing beside the rows."""
        return {}

    async def prove(self, session_id: UUID, authenticated_at: datetime) -> bool:
        """The row notes it."""
        return True

    async def drop(self, session_ids: Sequence[UUID]) -> None:
        """The rows say that they ended."""

    async def risks(self) -> list[tuple[str, str]]:
        """The database is looked at elsewhere."""
        return []

    async def close(self) -> None:
        """There are none of its own."""


def session_store(application: Application) -> SessionStore:
    """The store of `SESSION_STORE`. Raises BootRefused when the library of Redis is not installed."""
    settings = application.settings
    if settings.session_store == "database":
        return RowsAlone()
    store: SessionStore = adapter(ADAPTER, extra="broker")(settings.redis_url, name=settings.service_name)
    application.on_stop(store.close)
    return store
