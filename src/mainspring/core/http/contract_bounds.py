"""Bounds that the contract states where a schema names none: how long a text, how great a number, how many items (R-010).

A text is never longer than a request body may be, a number never greater than JavaScript reads exactly, and a text with a form of
its own (a UUID, a pattern) is as long as that form allows.
"""

import re
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]  # Any: OpenAPI is JSON of any shape

EXACT = 2**53 - 1  # JavaScript's Number.MAX_SAFE_INTEGER
INT32 = 2**31 - 1
MOST_ITEMS = 100_000  # of lists without a bound of their own, in answers
MOST_IN_PATH = 8_192  # of what stands in the address of a request
LENGTHS = {"uuid": 36, "date-time": 35, "date": 10, "time": 21, "email": 254, "ipv4": 15, "ipv6": 45, "uri": 2048}
FREE = ("enum", "const", "maxLength")
PART = re.compile(r"(?:\[(?:\\.|[^\]\\])+\]|\\.|[^\\\[\](){}*+?|.^$])(\?|\{(\d+)(?:,(\d+))?\})?")


def bounded(document: Document, longest_text: int) -> None:
    """State in the document, in place, the bounds of every text, whole number and list that has none."""
    for schema, most in _schemas(document, longest_text):
        for part in _parts(schema):
            _bound(part, most)


def longest_of(pattern: str) -> int | None:
    """How long a text of an anchored pattern may be; None where that cannot be told from a row of classes and repetitions."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None
    at, longest, inner = 0, 0, pattern[1:-1]
    while at < len(inner):
        part = PART.match(inner, at)
        if part is None:
            return None
        longest += int(part[3] or part[2] or 1)
        at = part.end()
    return longest


def _schemas(document: Document, longest_text: int) -> Iterator[tuple[Document, int]]:
    """Every outer schema of the document, with the longest text that fits where it stands."""
    components = document.get("components", {})
    for schema in components.get("schemas", {}).values():
        yield schema, longest_text
    for header in components.get("headers", {}).values():
        yield header["schema"], MOST_IN_PATH
    answers = list(components.get("responses", {}).values())
    for operation in operations_of(document):
        for parameter in operation.get("parameters", []):
            yield parameter["schema"], MOST_IN_PATH
        answers += [operation.get("requestBody", {}), *operation["responses"].values()]
    for answer in answers:
        for content in answer.get("content", {}).values():
            if "schema" in content:
                yield content["schema"], longest_text
        for header in answer.get("headers", {}).values():
            if "schema" in header:
                yield header["schema"], MOST_IN_PATH


def operations_of(document: Document) -> Iterator[Document]:
    """Every operation."""
    for methods in document["paths"].values():
        yield from methods.values()


def _parts(schema: Any) -> Iterator[Document]:
    """A schema and all that are written inside it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("items", "additionalProperties", "not", "contains", "propertyNames"):
        yield from _parts(schema.get(key))
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in schema.get(key, []):
            yield from _parts(inner)
    for inner in schema.get("properties", {}).values():
        yield from _parts(inner)


def _bound(schema: Document, most: int) -> None:
    kind = schema.get("type")
    if isinstance(schema.get("default"), dict):
        del schema["default"]  # generators write it into their source as it stands; answers say it anyway
    if kind == "string" and not schema.keys() & set(FREE):
        own = LENGTHS.get(schema.get("format", "")) or longest_of(schema.get("pattern", "")) or most
        schema["maxLength"] = max(own, schema.get("minLength", 0))
    elif kind == "array":
        schema.setdefault("maxItems", MOST_ITEMS)
    elif kind == "integer" and not schema.keys() & {"enum", "const"}:
        if "exclusiveMinimum" not in schema:
            schema.setdefault("minimum", -EXACT)
        if "exclusiveMaximum" not in schema:
            schema.setdefault("maximum", EXACT)
        least = int(schema["minimum"] if "minimum" in schema else schema["exclusiveMinimum"])
        greatest = int(schema["maximum"] if "maximum" in schema else schema["exclusiveMaximum"])
        schema.setdefault("format", "int32" if int(least) >= -INT32 and int(greatest) <= INT32 else "int64")
