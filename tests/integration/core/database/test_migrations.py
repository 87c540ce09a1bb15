"""Migrations on both databases: up, down, compare, make, and rows that survive (R-223, R-229)."""

import asyncio
import importlib
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.database import Database, DatabaseOptions, open_database
from mainspring.core.database.migrate import Migrations
from mainspring.core.module import BootRefused, Module

PACKAGE = "tests.integration.core.database.warehouse"
MOMENT = "'2026-01-01T00:00:00+00:00'"
FILLED = (
    f"INSERT INTO warehouse_crates (id, label, weight, created_at, updated_at) VALUES ('{1:032}', 'a', 7, {MOMENT}, {MOMENT})",
    f"INSERT INTO warehouse_boxes (id, crate_id, content) VALUES ('{2:032}', '{1:032}', '{{}}')",
)


@dataclass
class House:
    modules: list[Module]
    databases: dict[str, Database]


@pytest.fixture
def house(empty_database_url: str) -> House:
    database = open_database(empty_database_url, DatabaseOptions(synchronous="OFF"))
    return House([Module("warehouse", PACKAGE)], {"default": database})


@pytest.fixture
def copied(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module as a package of its own, whose versions a test may change."""
    name = f"depot_{house.databases['default'].dialect}"
    package = tmp_path / name
    shutil.copytree(
        Path(importlib.import_module(PACKAGE).__path__[0]), package, ignore=shutil.ignore_patterns("__pycache__", "models.py")
    )
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    house.modules = [Module("depot", name)]
    yield package
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == name]:
        del sys.modules[loaded]


async def rows(house: House, *sql: str) -> list[Any]:
    """Run plain SQL and answer the last result."""
    if house.databases["default"].dialect == "sqlite":
        import sqlite3

        connection = sqlite3.connect(house.databases["default"].path, isolation_level=None)
        connection.execute("PRAGMA foreign_keys=ON")
        found = [connection.execute(statement).fetchall() for statement in sql][-1]
        connection.close()
        return found
    import asyncpg

    server = await asyncpg.connect(house.databases["default"].url)
    found = [await server.fetch(statement) for statement in sql][-1]
    await server.close()
    return [tuple(row) for row in found]


async def test_up_makes_what_the_models_say(house: House):
    ran = await Migrations(house).up()

    assert ran[0] == "core 001"
    assert ran[-2:] == ["warehouse 001", "warehouse 002"]
    assert await Migrations(house).compare() == []
    assert await Migrations(house).up() == []
    assert all(state.current == state.head and not state.pending for state in await Migrations(house).status())


async def test_rows_survive_up_and_down(house: House):
    migrations = Migrations(house)
    await migrations.up(target="001")
    await rows(house, *(line.replace(", weight", "").replace(", 7", "") for line in FILLED))
    counts = "SELECT (SELECT count(*) FROM warehouse_crates), (SELECT count(*) FROM warehouse_boxes)"

    up = await migrations.up()
    after_up = await rows(house, counts)
    down = await migrations.down("warehouse")
    after_down = await rows(house, counts)
    again = await migrations.up()

    assert (up[-1], down, again) == ("warehouse 002", ["warehouse 002"], ["warehouse 002"])
    assert after_up == after_down == await rows(house, counts) == [(1, 1)]
    assert await migrations.compare() == []


async def test_everything_goes_down_again(house: House):
    migrations = Migrations(house)
    await migrations.up()

    await migrations.down("warehouse", steps=9)
    await migrations.down("core", steps=99)

    assert {state.current for state in await migrations.status()} == {None}


async def test_a_failing_version_leaves_nothing_behind(house: House, copied: Path):
    (copied / "migrations/versions/003_break.py").write_text(
        'from alembic import op\nrevision, down_revision = "003", "002"\n'
        'def upgrade():\n    op.drop_table("warehouse_boxes")\n    op.drop_table("there_is_none")\n'
    )

    with pytest.raises(Exception, match="there_is_none"):
        await Migrations(house).up()

    assert await rows(house, "SELECT count(*) FROM warehouse_boxes") == [(0,)]
    assert [state.current for state in await Migrations(house).status()][-1] == "002"


async def test_a_version_that_orphans_rows_is_undone(house: House, copied: Path):
    await Migrations(house).up()
    await rows(house, *FILLED)
    (copied / "migrations/versions/003_orphan.py").write_text(
        'from alembic import op\nrevision, down_revision = "003", "002"\n'
        'def upgrade():\n    op.execute("INSERT INTO warehouse_boxes (id, crate_id, content) '
        f"VALUES ('{3:032}', '{4:032}', '{{}}')\")\n"
    )

    with pytest.raises(Exception, match=r"warehouse_boxes to warehouse_crates|fk_warehouse_boxes_crate_id"):
        await Migrations(house).up()

    assert await rows(house, "SELECT count(*) FROM warehouse_boxes") == [(1,)]


async def test_two_who_migrate_at_once_run_each_version_once(house: House):
    ran = await asyncio.gather(
        *(asyncio.to_thread(asyncio.run, Migrations(house).up()) for _ in range(1)), Migrations(house).up()
    )

    assert sorted(ran[0] + ran[1]) == sorted(set(ran[0] + ran[1]))
    assert await Migrations(house).compare() == []


async def test_a_database_that_is_behind_is_told(house: House):
    with pytest.raises(BootRefused, match="The database is behind: core 001"):
        await Migrations(house).check()


async def test_compare_tells_each_difference(house: House):
    await Migrations(house).up()
    await rows(house, "DROP INDEX ix_warehouse_boxes_crate_id", "ALTER TABLE warehouse_crates ADD COLUMN colour VARCHAR(9)")

    told = await Migrations(house).compare()

    assert told == [
        "warehouse_crates: column colour is missing in the models, VARCHAR(9) null in the database.",
        "warehouse_boxes: index ix_warehouse_boxes_crate_id is plain (crate_id) in the models, missing in the database.",
    ]


async def test_make_writes_a_version_that_closes_the_difference(house: House, copied: Path):
    (copied / "models.py").write_text(
        "from mainspring.core.database import Model\nfrom sqlalchemy.orm import Mapped\nfrom datetime import datetime\n"
        'class Pallet(Model):\n    __tablename__ = __name__.replace(".", "_")\n    arrived_at: Mapped[datetime]\n'
        "    note: Mapped[str | None]\n"
    )
    migrations = Migrations(house)
    await migrations.up()

    made = await migrations.make("depot", "count pallets")
    ran = await migrations.up()

    assert made is not None
    assert made.name == "003_count_pallets.py"
    assert ran == ["depot 003"]
    assert await migrations.compare() == []
    assert await migrations.make("depot", "nothing") is None
    assert await migrations.down("depot") == ["depot 003"]


async def test_a_removed_module_blocks_nothing(house: House):
    await Migrations(house).up()
    house.modules = []

    await Migrations(house).check()

    assert await Migrations(house).up() == []
    assert [state.module for state in await Migrations(house).status()] == ["core"]
