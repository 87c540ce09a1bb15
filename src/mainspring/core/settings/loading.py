"""Reads the configuration once and tells everything that is wrong with it at once (R-202)."""

import os
import secrets as random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from ..module import Module, discover
from . import aliases
from .gathering import Given, gather
from .model import Settings, Shown
from .problems import SettingsRefused
from .reading import HIDDEN, read_fields, show
from .safety import refuse_unsafe
from .secrets import keep_secret, kept_secrets
from .section import Section, prefix_of
from .unknown import refuse_unknown

MADE = {"session_secret": "SESSION_SECRET", "encryption_key": "ENCRYPTION_KEY"}
MADE_HERE = "made at first start"
URLS = frozenset(("database_url", "redis_url", "storage_url", "mongodb_uri"))


def load_settings(
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
    *,
    modules: Iterable[Module] | None = None,
    make_secrets: bool = True,
) -> Settings:
    """The configuration of this process: its environment (or `environ`), then `.env` files of `directory`.

    `modules` (by default every installed one) bring their sections. With `make_secrets` false, a first start writes nothing
    and the secrets it would make are random for this process only. Raises SettingsRefused with every problem.
    """
    directory = Path.cwd() if directory is None else directory
    problems: list[str] = []
    try:
        given = gather(os.environ if environ is None else environ, directory)
    except ValueError as problem:
        raise SettingsRefused([str(problem)]) from None
    kinds = sections_of(discover() if modules is None else modules)
    notes = aliases.warnings(given)
    aliases.rename(given, problems)
    aliases.join_parts(given, problems)
    databases = _databases(given)
    known = {name.upper() for name in Settings.model_fields} - {"DATABASES", *(field.upper() for field in _core_sections())}
    refuse_unknown(given, known | aliases.KNOWN | set(databases.values()), _names(kinds), problems, notes)

    core = {field: read_fields(kind, f"{prefix_of(field, kind)}__", given, problems) for field, kind in _core_sections().items()}
    mine = [(kind, read_fields(kind, f"{name.upper()}__", given, problems)) for name, kind in kinds.items()]
    draft = read_fields(
        Settings,
        "",
        given,
        problems,
        **{name: section for name, section in core.items() if section is not None},
        databases={name: given[variable].text for name, variable in databases.items()},
    )
    assert draft is not None, "every setting of core has a default"  # noqa: S101
    settings = _complete(draft, given, directory)
    refuse_unsafe(settings, problems)
    if problems:
        raise SettingsRefused(problems)
    notes += _without_effect(given)
    settings, made = _with_secrets(settings, make_secrets)
    settings._sections.update((kind, section) for kind, section in mine if section is not None)
    settings._shown = tuple(_shown(settings, given, made, kinds))
    settings._warnings = tuple(notes)
    return settings


def sections_of(modules: Iterable[Module]) -> dict[str, type[BaseModel]]:
    """The settings class of every module that has a `settings.py`."""
    found = {module.name: module.file("settings") for module in modules}
    return {name: file.Settings for name, file in found.items() if file is not None}


def _core_sections() -> dict[str, type[Section]]:
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def _names(kinds: Mapping[str, type[BaseModel]]) -> dict[str, set[str]]:
    mine = {prefix_of(field, kind): kind for field, kind in _core_sections().items()}
    every: dict[str, type[BaseModel]] = {**mine, **{name.upper(): kind for name, kind in kinds.items()}}
    return {prefix: {f"{prefix}__{field.upper()}" for field in kind.model_fields} for prefix, kind in every.items()}


def _databases(given: Mapping[str, Given]) -> dict[str, str]:
    """The further databases (R-210): name to its variable."""
    parts = {name: name.split("__") for name in given}
    return {
        part[1].lower(): name for name, part in parts.items() if len(part) == 3 and (part[0], part[2]) == ("DATABASES", "URL")
    }


def _complete(draft: Settings, given: Mapping[str, Given], directory: Path) -> Settings:
    """Fill in the defaults that depend on other settings."""
    data_dir = (directory / draft.data_dir).absolute()
    database_url = draft.database_url or f"sqlite:///{data_dir}/mainspring.db"
    more: dict[str, Any] = {
        "data_dir": data_dir,
        "log_dir": draft.log_dir and (directory / draft.log_dir).absolute(),
        "templates_dir": draft.templates_dir and (directory / draft.templates_dir).absolute(),
        "database_url": database_url.replace("postgres://", "postgresql://", 1),
        "public_url": draft.public_url.rstrip("/") or f"http://{_reachable(draft.host)}:{draft.port}",
    }
    more["databases"] = {"default": more["database_url"], **draft.databases}
    more["jwt_issuer"] = draft.jwt_issuer or more["public_url"]
    if "LOG_SQL" not in given:
        more["log_sql"] = draft.app_env == "development"
    for name in ("docs_enabled", "metrics_enabled"):
        if name.upper() not in given:
            more[name] = draft.app_env != "production"
    return draft.model_copy(update=more)


def _reachable(host: str) -> str:
    return "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104 - compared, not bound


def _without_effect(given: Mapping[str, Given]) -> list[str]:
    later = [
        name.upper()
        for name, field in Settings.model_fields.items()
        if name.upper() in given and isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("later")
    ]
    return [f"{', '.join(later)}: no installed part uses this yet."] if later else []


def _with_secrets(settings: Settings, make: bool) -> tuple[Settings, dict[str, str]]:
    """Secrets nobody gave: read from the data folder, or made there at the first start (R-087)."""
    more: dict[str, tuple[SecretStr, ...]] = {}
    for field in MADE:
        if getattr(settings, field):
            continue
        kept = settings.data_dir / "keys" / field
        text = keep_secret(settings.data_dir, field).decode() if make or kept.exists() else random.token_hex(32)
        more[field] = tuple(SecretStr(one) for one in kept_secrets(text))
    return settings.model_copy(update=more), {field.upper(): MADE_HERE for field in more}


def _shown(
    settings: Settings, given: Mapping[str, Given], made: Mapping[str, str], kinds: Mapping[str, type[BaseModel]]
) -> list[Shown]:
    def line(name: str, value: Any) -> Shown:
        found = given.get(name)
        source = made.get(name) or (
            "default" if found is None else found.source if found.name == name else f"{found.source}, {found.name}"
        )
        return Shown(name, value, source)

    lines = []
    for field in Settings.model_fields:
        value = getattr(settings, field)
        if isinstance(value, Section):
            lines += [
                line(f"{prefix_of(field, type(value))}__{inner.upper()}", show(getattr(value, inner)))
                for inner in type(value).model_fields
            ]
        elif field == "databases":
            lines += [line(f"DATABASES__{name.upper()}__URL", _hidden(url)) for name, url in value.items() if name != "default"]
        else:
            lines.append(line(field.upper(), _hidden(value) if field in URLS and value else show(value)))
    for name, kind in kinds.items():
        section = settings.section(kind)
        lines += [line(f"{name.upper()}__{inner.upper()}", show(getattr(section, inner))) for inner in kind.model_fields]
    return lines


def _hidden(url: str) -> str:
    """A URL without its password."""
    start, at, rest = url.rpartition("@")
    head, slashes, user = start.rpartition("//")
    return f"{head}{slashes}{user.partition(':')[0]}{':' + HIDDEN if ':' in user else ''}@{rest}" if at else url
