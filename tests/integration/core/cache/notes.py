"""Notes that are read through the cache: what the tests of the cache change and ask for."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Uuid, select

from mainspring.core.cache import cached, invalidate, user
from mainspring.core.database import Statement, UnitOfWork, bind, insert_into, update_of

NOTES = Table(
    "test_notes",
    MetaData(),
    Column("id", Uuid(), primary_key=True),
    Column("text", String(100), nullable=False),
    Column("version", BigInteger(), nullable=False),
)


@dataclass(frozen=True, slots=True)
class NoteRow:
    id: UUID
    text: str


NOTE = Statement(select(NOTES.c.id, NOTES.c.text).where(NOTES.c.id == bind("id", NOTES.c.id)), NoteRow)
ADD = Statement(insert_into(NOTES, "text").returning(NOTES.c.id, NOTES.c.text), NoteRow)
CHANGE = Statement(
    update_of(NOTES)
    .where(NOTES.c.id == bind("id", NOTES.c.id))
    .values(text=bind("text", NOTES.c.text))
    .returning(NOTES.c.id, NOTES.c.text),
    NoteRow,
)


class NoteService:
    """Reads through the cache, and changes."""

    loads = 0

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @cached(tags=("note:{id}",), ttl=300)
    async def get(self, id: UUID) -> NoteRow | None:
        NoteService.loads += 1
        return await self.uow.one(NOTE, id=id)

    @cached(by=(user,))
    async def mine(self, id: UUID) -> str:
        NoteService.loads += 1
        return f"{self.uow.context.user_id} {id}"

    async def add(self, text: str) -> NoteRow:
        return await self.uow.only(ADD, text=text)

    async def change(self, id: UUID, text: str) -> NoteRow | None:
        changed = await self.uow.one(CHANGE, id=id, text=text)
        invalidate(self.uow, f"note:{id}")
        return changed
