"""How one log line looks: JSON for machines, plain columns for a person at a terminal (R-188, R-189)."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from .. import clock

ERROR, WARN, INFO, DEBUG = 40, 30, 20, 10
LEVELS = {"error": ERROR, "warn": WARN, "info": INFO, "debug": DEBUG}
NAMES = {number: name for name, number in LEVELS.items()}
COLOURS = {ERROR: "\x1b[31m", WARN: "\x1b[33m", INFO: "\x1b[32m", DEBUG: "\x1b[2m"}
PLAIN = "\x1b[0m"
DIM = "\x1b[2m"
OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS

Render = Callable[[int, str, str, Mapping[str, Any]], bytes]


def json_lines(service: str, environment: str) -> Render:
    """A renderer of JSON lines that name the service and the environment."""

    def render(level: int, logger: str, message: str, fields: Mapping[str, Any]) -> bytes:
        record = {
            "timestamp": clock.now(),
            "level": NAMES[level],
            "service": service,
            "environment": environment,
            "logger": logger,
            "message": message,
            **fields,
        }
        try:
            return orjson.dumps(record, default=str, option=OPTIONS)
        except (TypeError, ValueError):  # lone surrogates, circular values, integers past 64 bits
            safe = {name: repr(value).encode("ascii", "backslashreplace").decode() for name, value in record.items()}
            return orjson.dumps(safe, option=OPTIONS)

    return render


def pretty_lines(*, coloured: bool) -> Render:
    """A renderer for a terminal: time, level, logger, message, fields, then the stack on lines of its own."""

    def render(level: int, logger: str, message: str, fields: Mapping[str, Any]) -> bytes:
        shown = dict(fields)
        stack = shown.pop("stack", None)
        time = f"{clock.now().astimezone():%H:%M:%S.%f}"[:-3]  # a person reads local time
        rest = " ".join(f"{name}={_plain(value)}" for name, value in shown.items() if value is not None)
        if coloured:
            text = (
                f"{DIM}{time}{PLAIN} {COLOURS[level]}{NAMES[level]:<5}{PLAIN} {DIM}{logger}{PLAIN} {message} {DIM}{rest}{PLAIN}"
            )
        else:
            text = f"{time} {NAMES[level]:<5} {logger} {message} {rest}".rstrip()
        return (f"{text}\n{stack}\n" if stack else f"{text}\n").encode("utf-8", "backslashreplace")

    return render


def _plain(value: Any) -> str:
    if isinstance(value, str):
        text = value.encode("unicode_escape").decode("ascii") if not value.isprintable() else value
        return f'"{text}"' if " " in text or not text else text
    return f"{value:.1f}" if isinstance(value, float) else str(value)
