"""Every statement of the program, as it stands (ARCHITECTURE 10 c)."""

import re

from mainspring.core.application import Application
from mainspring.core.database.compiling import Compiled, DialectName
from mainspring.core.database.shapes import families
from mainspring.core.database.statement import registered

MONEY_AND_STOCK = re.compile(r"\b(stock|balance|credits|amount|available|reserved)\s*=\s*\(?(\w+\.)?\1\s*[-+]", re.IGNORECASE)


def every_statement(dialect: DialectName) -> list[Compiled[object]]:
    """Those of the product that are for this database: tests make statements of their own."""
    single = [statement.on(dialect) for statement in registered() if statement.only in (None, dialect)]
    shapes = [shape for family in families() for shape in family.every_shape(dialect)]
    foreign = re.compile(r"\b(test_|warehouse_|depot_|widgets\b)")
    return [compiled for compiled in [*single, *shapes] if not foreign.search(compiled.sql)]


async def test_both_databases_can_prepare_every_statement(application: Application):
    import mainspring.core.doctor.databases
    import mainspring.modules

    database = application.database
    refused = {}
    statements = every_statement(database.dialect)
    if database.dialect == "sqlite":
        for compiled in statements:
            try:
                database.reader.execute(f"EXPLAIN {compiled.sql}", [None] * compiled.sql.count("?")).close()
            except Exception as error:
                refused[compiled.sql] = str(error)
    else:
        wire = await database.pool.acquire()
        for compiled in statements:
            try:
                await wire._state(compiled.sql)
            except Exception as error:
                refused[compiled.sql] = str(error)
        database.pool.release(wire)

    assert mainspring.core.doctor.databases
    assert mainspring.modules
    assert len(statements) > 20
    assert refused == {}


async def test_money_and_stock_change_only_where_a_condition_holds(application: Application):
    changing = [
        compiled.sql
        for compiled in every_statement(application.database.dialect)
        if compiled.writes and MONEY_AND_STOCK.search(compiled.sql)
    ]

    unguarded = [sql for sql in changing if not re.search(r"WHERE .*(>=|<=|>|<)", sql, re.DOTALL)]

    assert unguarded == []


def test_the_scan_finds_an_unguarded_change():
    assert MONEY_AND_STOCK.search("UPDATE products SET stock=(products.stock - ?) WHERE products.id = ?")
    assert MONEY_AND_STOCK.search("UPDATE products SET updated_at=$1, stock=(products.stock + $2::BIGINT) WHERE products.id = $3")
    assert not MONEY_AND_STOCK.search("UPDATE products SET stock=? WHERE products.id = ?")
