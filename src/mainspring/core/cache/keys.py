"""The text of a key: module, function, and every argument so that no two calls that differ share one (R-234)."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from ..security.principal import Principal

LONGEST = 200  # characters; the rest of a longer key is a hash
HASH_BYTES = 20


def key_of(name: str, arguments: Sequence[object]) -> str:
    """The key of a call. Raises TypeError for an argument that has no text of its own, such as a principal or a connection."""
    key = f"{name}({','.join([text_of(argument) for argument in arguments])})"
    if len(key) <= LONGEST:
        return key
    return f"{name}#{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=HASH_BYTES).hexdigest()}"


def text_of(value: object) -> str:
    """A value as text; values of different types never have the same, so that 1, True, 1.0 and "1" are four keys."""
    writer = WRITERS.get(type(value))
    return writer(value) if writer is not None else _of_family(value)


def _of_family(value: object) -> str:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(value, Enum):
        return f"{name}.{value.name}"
    if isinstance(value, BaseModel):
        return f"{name}{_of_dict({field: getattr(value, field) for field in type(value).model_fields})}"
    if dataclasses.is_dataclass(value) and kind.__eq__ is not object.__eq__ and not isinstance(value, Principal):
        return f"{name}{_of_dict({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})}"
    # what a principal may do changes while its id stays, and a connection is another one each time
    raise TypeError(f"{kind.__qualname__} cannot be part of a key of the cache: hand over its id, or say `by=(user,)`")


def _of_dict(value: dict[Any, Any]) -> str:
    return "{" + ",".join(sorted(f"{text_of(name)}:{text_of(held)}" for name, held in value.items())) + "}"


def _of_list(value: Sequence[object]) -> str:
    return "[" + ",".join(map(text_of, value)) + "]"


def _of_tuple(value: Sequence[object]) -> str:
    return "(" + ",".join(map(text_of, value)) + ",)"


def _of_set(value: "set[object] | frozenset[object]") -> str:
    return "<" + ",".join(sorted(map(text_of, value))) + ">"


WRITERS: dict[type[Any], Callable[[Any], str]] = {
    str: repr,
    int: repr,
    bool: repr,
    float: repr,
    bytes: repr,
    type(None): repr,
    UUID: str,
    datetime: repr,
    date: repr,
    time: repr,
    timedelta: repr,
    Decimal: repr,
    dict: _of_dict,
    list: _of_list,
    tuple: _of_tuple,
    set: _of_set,
    frozenset: _of_set,
}
