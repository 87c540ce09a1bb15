"""Seals anew, under the first ENCRYPTION_KEY, what an older one sealed, so that the older one may go (R-087, D-39).

Batch by batch, each in a transaction of its own, and a row only if it still holds what was read. So it may be stopped and begun
again at any time, run twice at once, and run while the program serves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, make_dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, select

from ..context import Context
from ..database import Database, Statement, bind, update_of
from ..database.sealed import SealedColumn
from ..token_keys.sealed import COLUMNS as OF_CORE
from .cipher import CannotOpen, Cipher

if TYPE_CHECKING:
    from ..application import Application

BATCH = 200
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Resealed:
    """What happened to one column: rows that were sealed anew, and rows that no key opens."""

    name: str
    renewed: int
    unreadable: int


class Resealing:
    """Of one column in one database."""

    def __init__(self, database: Database, column: SealedColumn, secrets: Sequence[str], batch: int = BATCH) -> None:
        self.database, self.column, self.batch = database, column, batch
        self.cipher = Cipher(secrets, column.purpose)
        model: Any = column.model
        sealed = getattr(model, column.column)
        names = column.place_columns
        fields = [("id", UUID), ("sealed", str), *((name, getattr(model, name).type.python_type) for name in names)]
        self._some: Statement[Any] = Statement(
            select(model.id, sealed.label("sealed"), *(getattr(model, name) for name in names))
            .where(model.id > bind("after", model.id), sealed.is_not(None))
            .order_by(model.id)
            .limit(bind("limit", BigInteger)),
            make_dataclass("SealedRow", fields, frozen=True),
            slow=True,
        )
        self._put: Statement[None] = Statement(
            update_of(model)
            .where(model.id == bind("id", model.id), sealed == bind("before", sealed))
            .values({column.column: bind("renewed", sealed)})
        )

    async def run(self) -> Resealed:
        """Seal anew whatever needs it."""
        after, renewed, unreadable = FIRST, 0, 0
        while rows := await self._rows(after):
            after = rows[-1].id
            changes = []
            for row in rows:
                if not self.cipher.is_outdated(row.sealed):
                    continue
                place = self.column.place.format_map({name: getattr(row, name) for name in self.column.place_columns})
                try:
                    text = self.cipher.open(row.sealed, bound_to=place)
                except CannotOpen:
                    unreadable += 1
                    continue
                changes.append({"id": row.id, "before": row.sealed, "renewed": self.cipher.seal(text, bound_to=place)})
            if changes:
                async with self.database.unit(Context()) as uow:
                    for change in changes:
                        renewed += await uow.run(self._put, **change)
        return Resealed(self.column.name, renewed, unreadable)

    async def outdated(self) -> int:
        """How many rows the first key did not seal."""
        after, count = FIRST, 0
        while rows := await self._rows(after):
            after = rows[-1].id
            count += sum(self.cipher.is_outdated(row.sealed) for row in rows)
        return count

    async def _rows(self, after: UUID) -> Sequence[Any]:
        async with self.database.reading(Context()) as uow:
            return await uow.all(self._some, after=after, limit=self.batch)


def resealings(application: "Application") -> Iterable[Resealing]:
    """One for each sealed column that core or a module declares (`Module(sealed="file:function")`)."""
    secrets = [secret.get_secret_value() for secret in application.settings.encryption_key]
    for column in OF_CORE:
        yield Resealing(application.database, column, secrets)
    for module in application.modules:
        if module.sealed is not None:
            for column in module.function(module.sealed)():
                yield Resealing(application.databases[module.database], column, secrets)
