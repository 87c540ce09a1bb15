"""One unit of work: one transaction on one database, for one caller. The only place that commits (ARCHITECTURE 3)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from ..context import Context
from ..observability.logs import get_logger
from .listing import WRITTEN_LIMITS, Listing, Page, Position, Slice, sort_text
from .patch import Patch
from .session import Deferred, Session
from .statement import Statement

if TYPE_CHECKING:
    from ..audit.record import AuditRecord
    from ..events.event import Event
    from ..events.outbox import Written
    from .database import Database

R = TypeVar("R")
T = TypeVar("T")
log = get_logger(__name__)


class UnitOfWork:
    """Statements of one caller. A write unit begins its transaction at the first statement; a read unit has none."""

    __slots__ = ("_after_commit", "_deferred", "_dialect", "_published", "_session", "context", "database", "writes")

    def __init__(self, database: "Database", session: Session, context: Context, *, writes: bool) -> None:
        self.database, self.context, self.writes = database, context, writes
        self._session = session
        self._dialect = session.dialect
        self._deferred: Deferred = []
        self._published: list[Written] = []
        self._after_commit: list[Callable[[], None]] = []

    async def one(self, statement: Statement[R], /, **params: Any) -> R | None:
        """The first row, or None."""
        compiled = statement.on(self._dialect)
        raw = await self._session.fetch(compiled, compiled.arguments(params))
        return compiled.rows(raw[:1])[0] if raw else None

    async def only(self, statement: Statement[R], /, **params: Any) -> R:
        """The row of a statement that always has one, such as INSERT ... RETURNING. Raises LookupError when there is none."""
        row = await self.one(statement, **params)
        if row is None:
            raise LookupError("a statement that always has a row had none")
        return row

    async def all(self, statement: Statement[R], /, **params: Any) -> list[R]:
        """Every row."""
        compiled = statement.on(self._dialect)
        return compiled.rows(await self._session.fetch(compiled, compiled.arguments(params)))

    async def value(self, statement: Statement[T], /, **params: Any) -> T | None:
        """The single value of a statement with one column; None when there is no row."""
        return await self.one(statement, **params)

    async def run(self, statement: Statement[Any], /, **params: Any) -> int:
        """Run it and tell how many rows changed."""
        compiled = statement.on(self._dialect)
        return await self._session.execute(compiled, compiled.arguments(params))

    async def run_many(self, statement: Statement[Any], rows: Sequence[Mapping[str, Any]], /) -> None:
        """Run it once per row, in one round trip."""
        compiled = statement.on(self._dialect)
        if rows:
            await self._session.execute_many(compiled, [compiled.arguments(row) for row in rows])

    async def all_many(self, statement: Statement[R], rows: Sequence[Mapping[str, Any]], /) -> list[R]:
        """Run it once per row, in one round trip, and answer the rows of all of them."""
        compiled = statement.on(self._dialect)
        return compiled.rows(await self._session.fetch_many(compiled, [compiled.arguments(row) for row in rows])) if rows else []

    async def patch(self, patch: Patch[R], changes: Mapping[str, Any], /, **params: Any) -> R | None:
        """Change the columns in `changes`; the changed row, or None when none fits."""
        compiled, values = patch.prepared(self._dialect, changes, params)
        raw = await self._session.fetch(compiled, compiled.arguments(values))
        return compiled.rows(raw[:1])[0] if raw else None

    async def page(
        self,
        listing: Listing[R],
        /,
        *,
        filters: Mapping[str, Any] | None = None,
        sort: str | None = None,
        page: int = 1,
        limit: int = 20,
        **params: Any,
    ) -> Page[R]:
        """One page and the total, in one statement (R-214). Filters that are None are not set. Raises Invalid."""
        names, values = listing.values_of(filters)
        first = limit if page == 1 and limit in WRITTEN_LIMITS else None
        compiled = listing.page_shape(self._dialect, names, listing.order(sort), first)
        values |= params
        asked = compiled.arguments(values if first else {**values, "limit": limit, "offset": (page - 1) * limit})
        raw = await self._session.fetch(compiled, asked)
        if raw:
            return Page(compiled.rows(raw), page, limit, compiled.extra_of(raw[0])[0])
        if page == 1:
            return Page([], page, limit, 0)
        count = listing.count_shape(self._dialect, names)
        return Page([], page, limit, count.rows(await self._session.fetch(count, count.arguments(values)))[0])

    async def slice(
        self,
        listing: Listing[R],
        /,
        *,
        filters: Mapping[str, Any] | None = None,
        sort: str | None = None,
        position: Position | None = None,
        limit: int = 20,
        **params: Any,
    ) -> Slice[R]:
        """The rows behind or in front of a position, from the start without one. Raises Invalid for a foreign position."""
        names, values = listing.values_of(filters)
        order = listing.order(sort)
        direction, places = listing.parameters_of(position, order) if position else (None, {})
        most = limit + 1 if limit in WRITTEN_LIMITS else None
        compiled = listing.slice_shape(self._dialect, names, order, direction, most)
        asked = {**values, **places, **params}
        if most is None:
            asked["limit"] = limit + 1
        raw = await self._session.fetch(compiled, compiled.arguments(asked))
        more, raw = len(raw) > limit, raw[:limit]
        if direction == "prev":
            raw = raw[::-1]
        before, behind = (more, True) if direction == "prev" else (direction == "next", more)
        return Slice(
            compiled.rows(raw),
            limit,
            sort_text(order),
            listing.position("next", order, compiled.extra_of(raw[-1])) if raw and behind else None,
            listing.position("prev", order, compiled.extra_of(raw[0])) if raw and before else None,
        )

    def publish(self, event: "Event") -> None:
        """Tell a fact: its subscribers hear of it once this transaction commits, and never when it does not.

        An audited one leaves a row in the audit trail; one that nobody listens to writes nothing.
        """
        self._must_write()
        if event.audited:
            self.audit(event.record())
        outbox = self.database.outbox
        if outbox is not None and type(event) in outbox.listeners:
            self._published.append(outbox.written(self, event))

    def audit(self, record: "AuditRecord", context: Context | None = None) -> None:
        """Leave a row in the audit trail, in this transaction. `context` is where it happened, when that is not here."""
        self.before_commit(record.STATEMENT, **record.row(context or self.context))
        if self.database.audited is not None:
            self._after_commit.append(self.database.audited)

    def enqueue(
        self,
        order: Any,
        *,
        delay: timedelta | None = None,
        run_at: datetime | None = None,
        priority: int | None = None,
        dedup_key: str | None = None,
        owner_id: UUID | None = None,
    ) -> UUID:
        """Have a job done after this transaction commits; never when it does not. The job is the one that takes this order.

        A job without an order is named by its function. While an unfinished job of the same name has the `dedup_key`, nothing is
        added, and the answer is an id that nothing has. `owner_id` is whose own work it is: that user sees it at /api/v1/jobs and
        may cancel it. Raises LookupError when no job takes the order.
        """
        self._must_write()
        return cast(
            UUID,
            _enqueueing().enqueue(
                self, order, delay=delay, run_at=run_at, priority=priority, dedup_key=dedup_key, owner_id=owner_id
            ),
        )

    def before_commit(self, statement: Statement[Any], /, **params: Any) -> None:
        """Run it just before the commit, together with others of its kind; on PostgreSQL it costs no round trip of its own."""
        self._must_write()
        if statement.on(self._dialect).returns_rows:
            raise TypeError("a statement before the commit answers nobody; leave out its RETURNING")
        self._deferred.append((statement, params))

    def after_commit(self, deed: Callable[[], None]) -> None:
        """Call it once the commit has succeeded: caches forget, snapshots drop. It must not raise."""
        self._must_write()
        self._after_commit.append(deed)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was done in it: a commit would write nothing and call nobody."""
        return not (self._session.has_begun or self._deferred or self._after_commit)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part of the unit that can fail alone: `async with uow.savepoint(): ...`. What it published goes with it."""
        self._must_write()
        deferred, published, deeds = len(self._deferred), len(self._published), len(self._after_commit)
        try:
            async with self._session.savepoint():
                yield
        except BaseException:
            del self._deferred[deferred:], self._published[published:], self._after_commit[deeds:]
            raise

    async def lock(self, name: str, *, wait: bool = False) -> bool:
        """Hold the name until the unit ends; False when another unit holds it and we do not `wait`.

        On SQLite the unit's transaction is the lock already: there is only one writer.
        """
        self._must_write()
        return await self._session.lock(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True), wait=wait)

    def port(self, kind: type[T]) -> T:
        """What the application registered for the port."""
        return cast(T, self.database.resolve(kind))

    async def commit(self) -> None:
        """Write what was published and audited, commit, then run what waits for the commit."""
        deferred, self._deferred = self._deferred, []
        if self._published and self.database.outbox is not None:
            deferred += self.database.outbox.statements(self._published)
            self._published = []
        try:
            await self._session.commit(deferred)
        except asyncio.CancelledError:
            if self._session.committed:
                self._run_deeds()
            raise
        self._run_deeds()

    def _run_deeds(self) -> None:
        deeds, self._after_commit = self._after_commit, []
        for deed in deeds:
            try:
                deed()
            except Exception:
                log.exception("after_commit_failed")

    async def rollback(self) -> None:
        """Undo everything the unit did."""
        self._deferred, self._published, self._after_commit = [], [], []
        await self._session.rollback()

    def _must_write(self) -> None:
        if not self.writes:
            raise RuntimeError("a read unit changes nothing; take a write unit")


@cache
def _enqueueing() -> Any:
    """The package of jobs, which needs this one first."""
    from ..jobs import enqueueing

    return enqueueing
