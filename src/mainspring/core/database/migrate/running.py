"""Runs single versions with Alembic, without an `env.py`: each in a transaction of its own, current version read inside it."""

from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from .connecting import Migrating
from .sources import Source


def current(connection: Connection, source: Source) -> str | None:
    """The version that the database has; None before the first."""
    return _context(connection, source).get_current_revision()


def head(source: Source) -> str | None:
    """The newest version of the source."""
    scripts = source.scripts()
    return scripts.get_current_head() if scripts else None


def is_first(source: Source, version: str | None) -> bool:
    """Whether nothing of the source is left once the version is undone."""
    scripts = source.scripts()
    return scripts is not None and version in scripts.get_bases()


def pending(connection: Connection, source: Source) -> list[str]:
    """The versions that `up` would run, first one first."""
    scripts = source.scripts()
    if scripts is None:
        return []
    now = current(connection, source)
    if now is not None and not _knows(scripts, now):
        return []
    newer = [script.revision for script in scripts.iterate_revisions("head", now or "base")]
    return newer[::-1]


def step_up(migrating: Migrating, connection: Connection, source: Source, target: str | None) -> str | None:
    """Run the next version and answer its name; None when there is none. Another process may have run it meanwhile."""
    waiting = pending(connection, source)
    reached = target is not None and current(connection, source) == target
    connection.rollback()
    if not waiting or reached:
        return None
    scripts = _scripts(source)
    with migrating.transaction(connection, f"{source.name} {waiting[0]}"):
        waiting = pending(connection, source)
        if not waiting:
            return None
        goal = waiting[0]
        _run(connection, source, lambda now, _: scripts._upgrade_revs(goal, now))
    return goal


def step_down(migrating: Migrating, connection: Connection, source: Source) -> str | None:
    """Undo the newest version and answer its name; None when there is none."""
    now = current(connection, source)
    connection.rollback()
    if now is None:
        return None
    scripts = _scripts(source)
    with migrating.transaction(connection, f"{source.name} {now}"):
        _run(connection, source, lambda revision, _: scripts._downgrade_revs("-1", revision))
    return now


def _run(connection: Connection, source: Source, steps: Any) -> None:  # Any: Alembic's own function type
    context = _context(connection, source, fn=steps)
    with Operations.context(context):
        context.run_migrations()


def _context(connection: Connection, source: Source, **options: Any) -> MigrationContext:
    known = {
        "version_table": source.version_table,
        "transactional_ddl": False,
        "render_as_batch": True,
        "script": source.scripts(),
    }
    return MigrationContext.configure(connection, opts={**known, **options})


def _scripts(source: Source) -> ScriptDirectory:
    scripts = source.scripts()
    if scripts is None:
        raise LookupError(f"{source.name} has no migrations")
    return scripts


def _knows(scripts: ScriptDirectory, revision: str) -> bool:
    return any(script.revision == revision for script in scripts.walk_revisions())
