"""The ledger adds up, or an alarm is raised (D-37)."""

import sqlite3
from contextlib import closing

import asyncpg
import pytest

from mainspring.core.database.postgresql.database import driver_url
from mainspring.core.database.sqlite.connecting import path_of
from mainspring.core.database.statement import registered
from mainspring.core.observability.lines import ERROR
from mainspring.core.observability.logs import captured_logs
from mainspring.modules.credits import repository
from mainspring.modules.credits.jobs import check_ledger


async def corrupt(database, sql: str) -> None:
    """Change rows behind the program's back."""
    if database.dialect == "sqlite":
        with closing(sqlite3.connect(path_of(database.url))) as connection, connection:
            connection.execute(sql)
        return
    server = await asyncpg.connect(driver_url(database.url))
    try:
        await server.execute(sql)
    finally:
        await server.close()


class Run:
    """An attempt at the job, as far as the job looks."""

    def __init__(self, application):
        self.reading = application.reading


@pytest.fixture
async def ledger(ada, bob, bank):
    await bank.gives(ada, 10)
    for amount in range(1, 4):
        await bank.transfers(ada, bob, amount)
    return bank


async def test_a_sound_ledger_raises_no_alarm(application, ledger):
    with captured_logs() as lines:
        await check_ledger(Run(application))

    assert [line for line in lines if "ledger" in line["message"].lower()] == []
    assert await ledger.violations(at_once=1) == []


@pytest.mark.parametrize(
    ("sql", "rules"),
    [
        ("UPDATE credit_accounts SET balance = balance + 1 WHERE balance = 6", {"sum", "balance"}),
        ("UPDATE credit_entries SET amount = amount + 1 WHERE amount = 2", {"balance", "transfer"}),
        ("DELETE FROM credit_entries WHERE amount = 3", {"balance", "entries"}),
    ],
)
async def test_a_corrupted_row_raises_the_alarm(application, ledger, sql, rules):
    await corrupt(application.database, sql)

    with captured_logs() as lines:
        await check_ledger(Run(application))

    alarms = [line for line in lines if line["message"] == "ledger_violation"]
    assert {line["rule"] for line in alarms} == rules
    assert {line["level"] for line in alarms} == {ERROR}
    told = [line for line in lines if line["message"] == "SUSPICIOUS_ACTIVITY"]
    assert len(told) == len(alarms)
    assert {each.rule for each in await ledger.violations(at_once=1)} == rules


async def test_the_alarm_names_what_is_wrong(application, ledger, bob):
    await corrupt(application.database, "UPDATE credit_accounts SET balance = 7 WHERE balance = 6")

    violation = next(each for each in await ledger.violations() if each.rule == "balance")

    assert (violation.about, violation.expected, violation.found) == (bob.id, 6, 7)


@pytest.mark.parametrize("balance", [-1, -(10**9)])
async def test_no_account_but_the_house_falls_below_zero(application, ledger, balance):
    with pytest.raises((sqlite3.IntegrityError, asyncpg.CheckViolationError)):
        await corrupt(application.database, f"UPDATE credit_accounts SET balance = {balance} WHERE balance = 6")


def test_no_statement_changes_what_was_written():
    def changes(sql, *tables) -> bool:
        return (sql.is_update or sql.is_delete) and sql.table.name in tables

    written = [statement.sql for statement in registered() if changes(statement.sql, "credit_entries", "credit_transfers")]

    assert written == []
    assert changes(repository.TAKE.sql, "credit_accounts")
