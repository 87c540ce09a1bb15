"""A list as one parameter, in a form that an index can answer."""

import sqlite3

import pytest
from sqlalchemy import Uuid, column, or_, select, table

from mainspring.core.database import Statement, any_of, bind

THINGS = table("things", column("id", Uuid()), column("owner_id", Uuid()))
OWNED = select(THINGS.c.id).where(any_of(THINGS.c.owner_id, "owners"))


def test_sqlite_answers_a_list_from_the_index():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE things (id TEXT, owner_id TEXT)")
    connection.execute("CREATE INDEX by_owner ON things (owner_id)")
    statement = Statement(OWNED, str).on("sqlite")

    plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", ("[]",)).fetchall()

    connection.close()
    assert any("USING INDEX by_owner" in step[3] for step in plan), plan


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_list_stands_beside_other_conditions(dialect):
    either = select(THINGS.c.id).where(or_(any_of(THINGS.c.owner_id, "owners"), THINGS.c.id == bind("id", THINGS.c.id)))

    sql = Statement(either, str).on(dialect).sql

    assert " = 1" not in sql
    assert " OR things.id = " in sql
