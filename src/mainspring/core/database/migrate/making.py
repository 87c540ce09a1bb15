"""Writes the next version of a module from the difference between its models and the database."""

import re
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from ..model import Model
from ..types import Json, UtcDateTime
from .sources import Source

TEMPLATE = '''"""{message}."""

import sqlalchemy as sa
from alembic import op
{imports}
revision, down_revision = "{revision}", {previous}


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''


def make(connection: Connection, source: Source, message: str) -> Path | None:
    """The file of the new version; None when models and database agree."""
    own = {table.name for table in source.tables()}
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": source.version_table,
            "compare_type": True,
            "render_as_batch": True,
            "user_module_prefix": "",
            "include_name": lambda name, kind, parents: kind != "table" or name in own,
            "include_object": lambda item, name, kind, reflected, other: kind != "table" or name in own,
        },
    )
    script = produce_migrations(context, Model.metadata)
    if script.upgrade_ops is None or script.upgrade_ops.is_empty():
        return None
    return _write(source, message, script, context)


def _write(source: Source, message: str, script: MigrationScript, context: MigrationContext) -> Path:
    scripts = source.scripts()
    previous = scripts.get_current_head() if scripts else None
    revision = f"{int(previous or 0) + 1:03}"
    up = _code(script.upgrade_ops, context)
    down = _code(script.downgrade_ops, context)
    used = [name for name in ("Json", "UtcDateTime") if f"{name}()" in up + down]
    text = TEMPLATE.format(
        message=message.strip().rstrip(".").capitalize(),
        imports=f"\nfrom mainspring.core.database import {', '.join(used)}\n" if used else "",
        revision=revision,
        previous=f'"{previous}"' if previous else None,
        up=up,
        down=down,
    )
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    path = source.folder / "versions" / f"{revision}_{slug}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _code(operations: Any, context: MigrationContext) -> str:  # Any: Alembic's container of operations
    code = render_python_code(
        operations,
        sqlalchemy_module_prefix="sa.",
        alembic_module_prefix="op.",
        render_as_batch=True,
        render_item=_render,
        migration_context=context,
        user_module_prefix=None,
    )
    lines = [line for line in code.splitlines() if not line.strip().startswith("# ###")]
    return "\n".join(lines).strip() or "pass"


def _render(kind: str, item: Any, _: AutogenContext) -> Any:  # Any: False leaves the rendering to Alembic
    if kind == "type" and isinstance(item, Json | UtcDateTime):
        return f"{type(item).__name__}()"
    return False
