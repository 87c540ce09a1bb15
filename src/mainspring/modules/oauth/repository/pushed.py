"""The questions to the database about pushed requests (RFC 9126)."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from mainspring.core import ids
from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into

from ..models import OAuthPushed
from ..rows import PushedRow

NOW = bind("now", UtcDateTime)
ROW = tuple(getattr(OAuthPushed, field.name) for field in fields(PushedRow))
OF_CLIENT = (
    OAuthPushed.uri_hash == bind("uri_hash", OAuthPushed.uri_hash),
    OAuthPushed.client_id == bind("client_id", OAuthPushed.client_id),
)

ADD: Statement[None] = Statement(insert_into(OAuthPushed))
# The first browser that comes with it has it from then on, and more time, as people need that; no other browser gets in.
OPEN = Statement(
    update(OAuthPushed)
    .where(*OF_CLIENT, OAuthPushed.browser_hash.is_(None), OAuthPushed.expires_at > NOW)
    .values(
        browser_hash=bind("browser_hash", OAuthPushed.browser_hash),
        opened_at=NOW,
        expires_at=bind("expires_at", OAuthPushed.expires_at),
    )
    .returning(*ROW),
    PushedRow,
)
OPENED = Statement(
    select(*ROW).where(
        *OF_CLIENT,
        OAuthPushed.browser_hash == bind("browser_hash", OAuthPushed.browser_hash),
        OAuthPushed.used_at.is_(None),
        OAuthPushed.expires_at > NOW,
    ),
    PushedRow,
)
CLAIM: Statement[None] = Statement(
    update(OAuthPushed)
    .where(OAuthPushed.id == bind("id", OAuthPushed.id), OAuthPushed.used_at.is_(None), OAuthPushed.expires_at > NOW)
    .values(used_at=NOW)
)
PRUNE: Statement[None] = Statement(delete(OAuthPushed).where(OAuthPushed.expires_at < bind("before", UtcDateTime)))


class PushedRepository(Repository):
    """Requests that clients sent ahead."""

    async def add(
        self, uri_hash: str, client_id: UUID, parameters: Mapping[str, str], now: datetime, expires_at: datetime
    ) -> None:
        """A new one."""
        await self.uow.run(
            ADD,
            id=ids.new(),
            uri_hash=uri_hash,
            client_id=client_id,
            parameters=dict(parameters),
            browser_hash=None,
            created_at=now,
            opened_at=None,
            expires_at=expires_at,
            used_at=None,
        )

    async def open(
        self, uri_hash: str, client_id: UUID, browser_hash: str, now: datetime, expires_at: datetime
    ) -> PushedRow | None:
        """Give it to a browser; None when another has it, for another client, and when its time is over."""
        return await self.uow.one(
            OPEN, uri_hash=uri_hash, client_id=client_id, browser_hash=browser_hash, now=now, expires_at=expires_at
        )

    async def opened(self, uri_hash: str, client_id: UUID, browser_hash: str, now: datetime) -> PushedRow | None:
        """The one that this browser opened and has not finished."""
        return await self.uow.one(OPENED, uri_hash=uri_hash, client_id=client_id, browser_hash=browser_hash, now=now)

    async def claim(self, id: UUID, now: datetime) -> bool:
        """Use it up; False for all but the first."""
        return await self.uow.run(CLAIM, id=id, now=now) == 1

    async def prune(self, before: datetime) -> int:
        """Remove those that ended before then; how many there were."""
        return await self.uow.run(PRUNE, before=before)
