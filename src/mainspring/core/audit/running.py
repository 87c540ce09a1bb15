"""Starts and ends of the program in the trail, and what changed in its settings and keys since the start before (R-187).

All processes of one start share the id of the row, so the first one writes it and a replaced one writes none. No secret is told:
a key is known by a digest that nobody can turn around (a derived key is hashed), a password only by being set.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ... import __version__
from ..context import Context
from ..database import DatabaseUnavailable, RunAgain, Statement, bind, insert_into
from ..observability.logs import get_logger
from ..security.derivation import derived_key
from ..security.tokens import AccessTokens
from .models import AuditEntry
from .record import COLUMNS, AuditRecord

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ..application import Application

LONGEST_VALUE = 200
MADE_HERE = {"PUBLIC_URL", "DATA_DIR"}  # shown although nobody set them: they say which installation this is
log = get_logger(__name__)

ONCE: Statement[str] = Statement(
    insert_into(AuditEntry, *COLUMNS).on_conflict_do_nothing(index_elements=[AuditEntry.id]).returning(AuditEntry.action), str
)
LAST_START: Statement[dict[str, Any]] = Statement(
    select(AuditEntry.changes)
    .where(
        AuditEntry.resource == "program",
        AuditEntry.resource_id == bind("command", AuditEntry.resource_id),
        AuditEntry.action == "START",
    )
    .order_by(AuditEntry.created_at.desc())
    .limit(1),
    dict[str, Any],
)


async def record_start(application: "Application", command: str) -> None:
    """One row for this start, and one each for settings and keys that are not those of the start before."""
    now: dict[str, Any] = {
        "version": __version__,
        "environment": application.settings.app_env,
        "settings": _settings(application),
        "keys": _keys(application),
    }
    try:
        async with application.unit(Context()) as uow:
            before = await uow.one(LAST_START, command=command)
            record = AuditRecord("START", "program", command, now)
            if await uow.one(ONCE, id=application.run_id, **record.row(uow.context)) is None or before is None:
                return
            for part, action in (("settings", "SETTINGS_CHANGE"), ("keys", "KEYS_CHANGE")):
                if changed := _difference(before.get(part, {}), now[part]):
                    uow.audit(AuditRecord(action, "program", command, changed))
    except (DatabaseUnavailable, RunAgain) as error:
        log.warn("start_not_in_trail", reason=type(error).__name__)


async def record_end(application: "Application") -> None:
    """One row for an end in order; a process that was killed leaves none."""
    try:
        async with application.unit(Context()) as uow:
            await uow.one(ONCE, id=application.end_id, **AuditRecord("STOP", "program").row(uow.context))
    except (DatabaseUnavailable, RunAgain) as error:
        log.warn("end_not_in_trail", reason=type(error).__name__)


def _settings(application: "Application") -> dict[str, str]:
    """What was set, as `mainspring settings` shows it: secrets are hidden there."""
    lines = application.settings.sources()
    return {line.name: line.value[:LONGEST_VALUE] for line in lines if line.source != "default" or line.name in MADE_HERE}


def _keys(application: "Application") -> dict[str, list[str]]:
    settings = application.settings
    ring = application.resolve(AccessTokens).keys
    return {
        "JWT": [key["kid"] for key in ring.jwks()["keys"]],
        "SESSION_SECRET": _digests(settings.session_secret),
        "ENCRYPTION_KEY": _digests(settings.encryption_key),
    }


def _digests(secrets: "tuple[SecretStr, ...]") -> list[str]:
    return [sha256(b"key id" + derived_key(one.get_secret_value().encode(), "audit/key id")).hexdigest()[:8] for one in secrets]


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    names = sorted(before.keys() | after.keys())
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
