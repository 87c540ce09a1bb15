"""The code of docs/guides/jobs.md runs as it stands there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.database import Database
from mainspring.core.jobs import JobBook
from mainspring.core.jobs.enqueueing import add_job
from mainspring.testing.client import AppClient
from tests.integration.core.jobs.conftest import row_of

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "jobs.md"
BLOCKS = re.findall(r"^```python\n(.+?)^```$", GUIDE.read_text(), re.M | re.S)
NAME = "kites_jobs_of_the_guide"
KITE = ids.new()


class KiteService:
    """Remembers what was done, once its unit has committed."""

    folded: list[UUID] = []
    done: list[str] = []

    def __init__(self, uow: Any) -> None:
        self.uow = uow

    async def sell(self, kite_id: UUID) -> None:
        self._note("sold")

    async def fold(self, kite_id: UUID) -> None:
        self.uow.after_commit(lambda: self.folded.append(kite_id))

    async def keep(self, number: int, picture: str) -> None:
        self._note(picture)

    async def release_unfetched(self) -> None:
        self._note("released")

    async def count(self, tick: Any) -> None:
        self._note("counted")

    def _note(self, what: str) -> None:
        self.uow.after_commit(lambda: self.done.append(what))


class Camera:
    """Takes pictures until it is dark."""

    def __init__(self) -> None:
        self.light = 2

    async def take(self, number: int) -> str | None:
        self.light -= 1
        return f"picture {number}" if self.light >= 0 else None


@pytest.fixture
def guide(application: Application) -> Iterator[Any]:
    """The guide's code as the jobs of a module."""
    KiteService.folded.clear()
    KiteService.done.clear()
    module = ModuleType(NAME)
    vars(module).update(KiteService=KiteService, Camera=Camera, KITE=KITE, FOLDED=KiteService.folded)
    sys.modules[NAME] = module
    for block in BLOCKS:
        exec(compile(block, str(GUIDE), "exec"), vars(module))
    application.resolve(JobBook).read("kites", module)
    yield module
    del sys.modules[NAME]


async def test_a_sold_kite_is_folded(guide: Any, app: AppClient, database: Database) -> None:
    await guide.test_a_sold_kite_is_folded(app, database)


async def test_selling_asks_for_the_folding(guide: Any, app: AppClient, database: Database) -> None:
    async with database.unit() as uow:
        id = await guide.sell(uow, KITE)

    row = await row_of(database, "kites.fold_kite")
    assert (row["id"], row["state"], row["queue"], row["max_attempts"]) == (id, "waiting", "workshop", 5)


async def test_pictures_are_kept_as_they_come(guide: Any, application: Application, app: AppClient, database: Database) -> None:
    application.ports.singleton(Camera, Camera)
    async with database.unit() as uow:
        uow.enqueue(guide.PhotographKites(3))

    await app.work()

    row = await row_of(database, "kites.photograph_kites")
    assert (row["state"], row["failures"], KiteService.done) == ("waiting", 0, ["picture 0", "picture 1"])


async def test_the_schedules_run(guide: Any, application: Application, app: AppClient, database: Database) -> None:
    book = application.resolve(JobBook)
    async with database.unit() as uow:
        uow.enqueue(guide.release_kites)
        add_job(uow, book.find("kites.count_kites"), tick=clock.now())

    await app.work()

    assert sorted(KiteService.done) == ["counted", "released"]
