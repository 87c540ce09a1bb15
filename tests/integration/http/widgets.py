"""A small application for the tests of core.http: one table, routes over it, and callers made up by a header."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Uuid, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from mainspring.core.application import Application
from mainspring.core.database import Statement, UnitOfWork, bind, insert_into, update_of
from mainspring.core.errors import Conflict, NotFound
from mainspring.core.http import Out, ReadUnit, Router, Schema, WriteUnit
from mainspring.core.security.guard import require
from mainspring.core.security.permission import PERMISSIONS, Permission
from mainspring.core.security.principal import Principal
from mainspring.core.security.refusals import TokenInvalid

TABLES = MetaData()
WIDGETS = Table(
    "widgets",
    TABLES,
    Column("id", Uuid(), primary_key=True),
    Column("name", String(100), unique=True, nullable=False),
    Column("size", BigInteger(), nullable=False),
    Column("version", BigInteger(), nullable=False),
)
NAMESPACE = UUID("00000000-0000-0000-0000-000000000001")


def permission(name: str, text: str) -> Permission:
    return PERMISSIONS.get(name) or Permission(name, text)


Maker = Annotated[Principal, require(permission("widgets:make", "Make widgets"))]


@dataclass(frozen=True, slots=True)
class WidgetRow:
    id: UUID
    name: str
    size: int
    version: int


class NewWidget(Schema):
    name: str
    size: int = 1


class WidgetOut(Out):
    id: UUID
    name: str
    size: int
    version: int


class TooLarge(Conflict):
    code, message = "widgets.too_large", "The widget is too large."


class TooLargeButCounted(TooLarge):
    keep_writes = True


MAKE: Statement[WidgetRow] = Statement(insert_into(WIDGETS).returning(*WIDGETS.c), WidgetRow)
FIND: Statement[WidgetRow] = Statement(select(*WIDGETS.c).where(WIDGETS.c.id == bind("id", WIDGETS.c.id)), WidgetRow)
ALL: Statement[WidgetRow] = Statement(select(*WIDGETS.c).order_by(WIDGETS.c.id), WidgetRow)
RENAME: Statement[WidgetRow] = Statement(
    update_of(WIDGETS)
    .where(WIDGETS.c.id == bind("id_", WIDGETS.c.id))
    .values(name=bind("name", WIDGETS.c.name))
    .returning(*WIDGETS.c),
    WidgetRow,
)


async def found(uow: UnitOfWork, id: UUID) -> WidgetRow:
    row = await uow.one(FIND, id=id)
    if row is None:
        raise NotFound(f"Widget {id} was not found")
    return row


def widget_routes() -> Router:
    router = Router(prefix="/widgets", tags=["widgets"], dependencies=[require(permission("widgets:make", "Make widgets"))])

    @router.post("", status_code=201)
    async def make_widget(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        row = await uow.one(MAKE, name=body.name, size=body.size)
        if body.size > 100:
            raise TooLargeButCounted() if body.size > 1000 else TooLarge()
        assert row is not None
        return WidgetOut.of(row)

    @router.get("/{id}")
    async def get_widget(id: UUID, uow: ReadUnit) -> WidgetOut:
        return WidgetOut.of(await found(uow, id))

    @router.get("")
    async def list_widgets(uow: ReadUnit) -> list[WidgetOut]:
        return WidgetOut.list_of(await uow.all(ALL))

    @router.patch("/{id}")
    async def rename_widget(id: UUID, body: NewWidget, uow: WriteUnit) -> WidgetOut:
        await found(uow, id)
        row = await uow.one(RENAME, id_=id, name=body.name)
        assert row is not None
        return WidgetOut.of(row)

    return router


class Callers:
    """Says who is asking by the text behind `Bearer`: a name, then the permissions after a colon."""

    async def principal(self, scope: Any, fresh: bool = False) -> Principal | None:
        sent = dict(scope["headers"]).get(b"authorization")
        if sent is None:
            return None
        kind, _, name = sent.decode().partition(" ")
        if kind != "Bearer" or name == "wrong":
            raise TokenInvalid
        name, _, permissions = name.partition(":")
        held = frozenset(permissions.split("+")) if permissions else frozenset({"widgets:make"})
        id = uuid5(NAMESPACE, name)
        proved = datetime.now(UTC) if name.startswith("recent") else None
        return Principal(
            id, f"{name}@example.com", frozenset({"user"}), held, id, "token", datetime.now(UTC), authenticated_at=proved
        )

    async def recognised(self, scope: Any) -> Principal | None:
        try:
            return await self.principal(scope)
        except TokenInvalid:
            return None


async def create_tables(application: Application, *tables: Any) -> None:
    url = application.database.url
    if url.startswith("sqlite"):
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            for table in tables:
                connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        return
    import asyncpg

    connection = await asyncpg.connect(url)
    for table in tables:
        await connection.execute(str(CreateTable(table).compile(dialect=postgresql.dialect())))
    await connection.close()


ADA = {"Authorization": "Bearer ada"}
BOB = {"Authorization": "Bearer bob"}
