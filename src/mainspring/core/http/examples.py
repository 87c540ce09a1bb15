"""Examples for the OpenAPI document, made from the schemas: every body and answer has one (R-010)."""

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]  # Any: a JSON schema

TEXTS = {
    "uuid": "019b76da-a800-7000-8000-000000000000",
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00",
    "duration": "PT15M",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "password": "correct horse battery staple",
    "binary": "",
}
CANDIDATES = ("EUR", "editor", "products:read", "v1", "15m", "a", "A", "1")  # for texts with a pattern
DEEPEST = 6


def example_of(schema: Schema, components: Mapping[str, Schema], name: str = "", depth: int = 0) -> Any:  # Any: a JSON value
    """A value that fits the schema, or None where nesting has no end."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, name, depth)
    for key in ("example", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if schema.get("default") not in (None, [], {}, ""):
        return schema["default"]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            kinds = [kind for kind in schema[key] if kind.get("type") != "null"]
            return example_of(kinds[0], components, name, depth) if kinds else None
    return _of_type(schema, components, name, depth)


def _of_type(schema: Schema, components: Mapping[str, Schema], name: str, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        if depth >= DEEPEST:
            return {}
        return {key: example_of(inner, components, key, depth + 1) for key, inner in schema.get("properties", {}).items()}
    if kind == "array":
        items = schema.get("items")
        return [example_of(items, components, name, depth + 1)] if items and depth < DEEPEST else []
    if kind == "string":
        return _text(schema, name)
    if kind in ("integer", "number"):
        return _number(schema)
    return {"boolean": True}.get(str(kind))


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") in TEXTS:
        return TEXTS[schema["format"]]
    if "password" in name.lower():
        return TEXTS["password"]
    if "pattern" in schema:
        return next((text for text in CANDIDATES if re.search(schema["pattern"], text)), "")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).strip().capitalize() or "Text"
    return words.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength", 1000)]


def _number(schema: Schema) -> int | float:
    least: int | float = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    most: int | float = schema.get("maximum", schema.get("exclusiveMaximum", 2**53))
    return min(max(1, least), most)
