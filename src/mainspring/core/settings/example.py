"""Every name that can be set, as the text of `.env.example` and as the table of the guide (R-205)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ..module import Module
from . import aliases
from .loading import sections_of
from .model import Settings
from .reading import show
from .section import Section, prefix_of

COMPUTED = {
    "PUBLIC_URL": "http://HOST:PORT",
    "DOCS_ENABLED": "on, off in production",
    "METRICS_ENABLED": "on, off in production",
    "LOG_SQL": "on in development",
    "DATABASE_URL": "sqlite:///DATA_DIR/mainspring.db",
    "SESSION_SECRET": "made at first start",
    "ENCRYPTION_KEY": "made at first start",
    "JWT_PRIVATE_KEY": "made at first start",
    "JWT_ISSUER": "PUBLIC_URL",
}


@dataclass(frozen=True, slots=True)
class Described:
    """One name, its group, its default as one writes it, and what it means."""

    name: str
    group: str
    default: str
    meaning: str


def described(modules: Iterable[Module]) -> list[Described]:
    """Every name of core and of the modules, in the order of their groups."""
    found = list(_of_core())
    for name, kind in sections_of(modules).items():
        found += _of_section(name, kind)
    return found


def example(modules: Iterable[Module]) -> str:
    """The text of `.env.example`: every name, commented out, with its default."""
    lines = [
        "# Every setting, with its default. Copy what you change into .env (shared), .env.production (one stage) or .env.local",
        "# (yours alone, ignored by git). The process environment wins over .env.local, .env.<APP_ENV> and .env, in this order.",
    ]
    group = ""
    for line in described(modules):
        if line.group != group:
            group = line.group
            lines += ["", f"# --- {group} ---"]
        lines.append(f"# {line.meaning}{f' Default: {line.default}.' if line.name in COMPUTED else ''}")
        lines.append(f"#{line.name}={'' if line.name in COMPUTED else line.default}")
    lines += ["", "# --- further databases, one line each ---", "#DATABASES__<NAME>__URL=postgresql://user:password@host/name"]
    lines += ["", "# --- the same in parts, and names from other guides ---"]
    lines += [f"#{name}=" for name in (*aliases.DATABASE_PARTS, *aliases.REDIS_PARTS)]
    for alias, name in aliases.ALIASES.items():
        lines += [f"# The same as {name}.", f"#{alias}="]
    for name, reason in aliases.WITHOUT_USE.items():
        lines += [f"# Has no effect: {reason}.", f"#{name}="]
    return "\n".join(lines) + "\n"


def guide(modules: Iterable[Module]) -> str:
    """The settings as a Markdown table."""
    rows = [f"| `{line.name}` | {f'`{line.default}`' if line.default else ''} | {line.meaning} |" for line in described(modules)]
    return "\n".join(["| name | default | meaning |", "|---|---|---|", *rows]) + "\n"


def _of_core() -> Iterator[Described]:
    for field, info in Settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            yield from _of_section(field, info.annotation)
        elif field != "databases":
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            yield _described(field.upper(), str(extra["group"]), info, " Not used yet." if extra.get("later") else "")


def _of_section(name: str, kind: type[BaseModel]) -> list[Described]:
    return [_described(f"{prefix_of(name, kind)}__{field.upper()}", name, info, "") for field, info in kind.model_fields.items()]


def _described(name: str, group: str, info: FieldInfo, more: str) -> Described:
    default: Any = info.get_default(call_default_factory=True) if not info.is_required() else None
    return Described(name, group, COMPUTED.get(name) or show(default), f"{(info.description or '').strip()}{more}")
