"""Compares what the models say with what a database has, in the database's own words.

The models' tables are created in an empty place (a scratch schema that is rolled back, or a database in memory), and both are
described with the same questions; so types, defaults, checks and partial indexes compare exactly.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Inspector, Table, create_engine, inspect
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

Description = dict[str, dict[str, str]]


def differences(connection: Connection, tables: Sequence[Table]) -> list[str]:
    """One sentence for each difference."""
    names = [table.name for table in tables]
    wanted, found = _of_models(connection, tables), describe(inspect(connection), names)
    told = []
    for name in names:
        if not found[name]:
            told.append(f"{name}: the table is missing in the database.")
            continue
        for part in sorted(wanted[name].keys() | found[name].keys()):
            model, database = wanted[name].get(part), found[name].get(part)
            if model != database:
                told.append(f"{name}: {part} is {model or 'missing'} in the models, {database or 'missing'} in the database.")
    return told


def describe(inspector: Inspector, names: Sequence[str], schema: str | None = None) -> Description:
    """What the tables consist of, by name of the part."""
    existing = set(inspector.get_table_names(schema=schema))
    return {name: _parts(inspector, name, schema) if name in existing else {} for name in names}


def _of_models(connection: Connection, tables: Sequence[Table]) -> Description:
    needed = list(tables[0].metadata.sorted_tables) if tables else []
    names = [table.name for table in tables]
    if connection.dialect.name == "sqlite":
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.connect() as scratch:
            _create(scratch, needed)
            described = describe(inspect(scratch), names)
        engine.dispose()
        return described
    schema = f"mainspring_{secrets.token_hex(4)}"
    connection.rollback()
    with connection.begin() as transaction:
        connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
        connection.exec_driver_sql(f'SET LOCAL search_path = "{schema}"')
        _create(connection, needed)
        described = describe(inspect(connection), names, schema)
        transaction.rollback()
    return {name: {part: text.replace(f"{schema}.", "") for part, text in parts.items()} for name, parts in described.items()}


def _create(connection: Connection, tables: Sequence[Table]) -> None:
    for table in tables:
        connection.execute(CreateTable(table))
        for index in table.indexes:
            connection.execute(CreateIndex(index))


def _parts(inspector: Inspector, name: str, schema: str | None) -> dict[str, str]:
    parts = {}
    for column in inspector.get_columns(name, schema=schema):
        null = "null" if column["nullable"] else "not null"
        default = f" default {column['default']}" if column.get("default") else ""
        parts[f"column {column['name']}"] = f"{column['type'].compile(inspector.dialect)} {null}{default}"
    key: Any = inspector.get_pk_constraint(name, schema=schema)
    parts[f"primary key {key.get('name')}"] = ", ".join(key["constrained_columns"])
    for index in inspector.get_indexes(name, schema=schema):
        columns = index.get("expressions") or index["column_names"]
        where = {key: text for key, text in (index.get("dialect_options") or {}).items() if key.endswith("_where")}
        kind = "unique" if index["unique"] else "plain"
        parts[f"index {index['name']}"] = f"{kind} ({', '.join(map(str, columns))}) {' '.join(map(str, where.values()))}".strip()
    for unique in inspector.get_unique_constraints(name, schema=schema):
        parts[f"unique {unique['name']}"] = ", ".join(unique["column_names"])
    for check in inspector.get_check_constraints(name, schema=schema):
        parts[f"check {check['name']}"] = check["sqltext"]
    for foreign in inspector.get_foreign_keys(name, schema=schema):
        deeds = " ".join(f"{deed} {value}" for deed, value in sorted((foreign.get("options") or {}).items()) if value)
        target = f"{foreign['referred_table']} ({', '.join(foreign['referred_columns'])})"
        parts[f"foreign key {foreign['name']}"] = f"{', '.join(foreign['constrained_columns'])} to {target} {deeds}".strip()
    return parts
