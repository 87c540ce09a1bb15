"""JSON values as YAML 1.2 in block style. Every text is quoted as in JSON, which YAML reads the same way (YAML 1.2, 1.3)."""

from collections.abc import Iterator
from typing import Any

import orjson


def to_yaml(value: Any) -> str:  # Any: whatever JSON holds
    """The value as a YAML document."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _entry(f"{indent}{_scalar(str(name))}:", inner, indent + "  ")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _entry(f"{indent}-", inner, indent + "  ")
    else:
        yield indent + _scalar(value)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from _lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    return orjson.dumps(value).decode()
