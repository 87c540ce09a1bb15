"""Marks jobs as done that wrote nothing else: those that end at about the same time share a transaction."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..tasks import start
from .statements import FINISHED_ID

if TYPE_CHECKING:
    from ..database import Database

MOST_AT_ONCE = 100


class Finisher:
    """One per database. While a transaction is under way, the next ones gather."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._waiting: list[tuple[dict[str, Any], asyncio.Future[bool]]] = []
        self._is_writing = False

    async def finish(self, job: UUID, token: int, now: datetime, expires_at: datetime) -> bool:
        """Mark it as done; False when the token is not the row's any more. Raises what the transaction raised."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(({"id": job, "token": token, "now": now, "expires_at": expires_at}, future))
        if not self._is_writing:
            self._is_writing = True
            start(self._write(), name="jobs are marked as done")
        return await future

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._write_batch(batch)
        finally:
            self._is_writing = False

    async def _write_batch(self, batch: list[tuple[dict[str, Any], "asyncio.Future[bool]"]]) -> None:
        try:
            async with self._database.unit() as uow:
                done = set(await uow.all_many(FINISHED_ID, [row for row, _ in batch]))
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
            return
        for row, future in batch:
            if not future.done():
                future.set_result(row["id"] in done)
