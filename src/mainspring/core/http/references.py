"""References of one operation of a batch to the answers of earlier ones: `{{a.id}}`, `{{a.items.0.productId}}`.

A text that is one reference becomes the value itself, with its type; inside a longer text it becomes part of the text. Only
single values can be referred to, so that a body never grows by more than the texts that it names.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from .problems import PayloadTooLarge

NAME = r"[A-Za-z][A-Za-z0-9_-]{0,39}"
REFERENCE = re.compile(r"\{\{(" + NAME + r")((?:\.[A-Za-z0-9_-]{1,64}){1,16})\}\}")
Json = Any  # Any: whatever JSON holds


class Unresolved(Exception):
    """A reference that names nothing; the message is a sentence that repeats the reference and no value."""


def names_in(value: Json) -> Iterator[str]:
    """The operations that the texts inside a value refer to."""
    pending = [value]
    while pending:
        item = pending.pop()
        if type(item) is str:
            yield from (found[1] for found in REFERENCE.finditer(item))
        elif type(item) is list:
            pending.extend(item)
        elif type(item) is dict:
            pending.extend(item.values())


class Answers:
    """The answers so far by operation, and how many characters references may still bring in."""

    def __init__(self, most: int) -> None:
        self._bodies: dict[str, Json] = {}
        self._left = most

    def add(self, operation: str, body: Json) -> None:
        """Let later operations refer to this answer."""
        self._bodies[operation] = body

    def resolved(self, value: Json) -> Json:
        """The value with each reference replaced. Raises Unresolved, and PayloadTooLarge when it grows too much."""
        if type(value) is str:
            whole = REFERENCE.fullmatch(value)
            return self._value(whole) if whole else self.text(value)
        if type(value) is list:
            return [self.resolved(item) for item in value]
        if type(value) is dict:
            return {key: self.resolved(item) for key, item in value.items()}
        return value

    def text(self, text: str) -> str:
        """The text with each reference replaced by its value as text. Raises as `resolved`."""
        return REFERENCE.sub(self._as_text, text)

    def _as_text(self, found: re.Match[str]) -> str:
        value = self._value(found)
        if value is None:
            raise Unresolved(f"{found[0]} is null, which cannot be part of a text.")
        return value if type(value) is str else orjson.dumps(value).decode()

    def _value(self, found: re.Match[str]) -> Json:
        value = _at(self._bodies[found[1]], found[2][1:].split("."), found[0])
        self._left -= len(value) if type(value) is str else 32
        if self._left < 0:
            raise PayloadTooLarge("The references of the batch bring in too much.")
        return value


def _at(value: Json, path: list[str], reference: str) -> Json:
    for name in path:
        if type(value) is dict and name in value:
            value = value[name]
        elif type(value) is list and name.isdecimal() and len(name) < 6 and int(name) < len(value):
            value = value[int(name)]
        else:
            raise Unresolved(f"{reference} names nothing in the answer.")
    if isinstance(value, dict | list):
        raise Unresolved(f"{reference} is no single value.")
    return value
