"""Valid request bodies, made from the OpenAPI document; names that mean something get a value that fits."""

import itertools
from typing import Any

NUMBERS = itertools.count(1)
Document = dict[str, Any]
Schema = dict[str, Any]


def body_of(document: Document, operation: Document, values: dict[str, Any]) -> Any | None:
    """A valid JSON body of the operation, or None when it takes none. `values` holds what only the scene knows."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return _value(document, content["schema"], "", values) if content else None


def _value(document: Document, schema: Schema, name: str, values: dict[str, Any]) -> Any:
    if name in values:
        return values[name]() if callable(values[name]) else values[name]
    schema = _resolved(document, schema)
    for choice in ("const", "default"):
        if schema.get(choice) is not None:
            return schema[choice]
    if "enum" in schema:
        return schema["enum"][0]
    make = MAKERS.get(schema.get("type", "object"))
    if make is None:
        raise NotImplementedError(f"no valid value is known for {name}: {schema}")
    return make(document, schema, name, values)


def _resolved(document: Document, schema: Schema) -> Schema:
    """Follow references and take the first alternative that is not null."""
    while True:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            schema = next(choice for choice in choices if choice.get("type") != "null")
        else:
            return schema


def _object(document: Document, schema: Schema, name: str, values: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    required = schema.get("required") or list(properties)[:1]  # a change of nothing would prove nothing
    wanted = [*required, *(key for key in properties if key in values and key not in required)]
    return {key: _value(document, properties[key], key, values) for key in wanted}


def _array(document: Document, schema: Schema, name: str, values: dict[str, Any]) -> list[Any]:
    return [_value(document, schema.get("items", {}), f"{name}[]", values)]


def _text(document: Document, schema: Schema, name: str, values: dict[str, Any]) -> str:
    if schema.get("format") == "email":
        return f"new{next(NUMBERS)}@example.com"
    if schema.get("pattern") == "^[A-Z]{3}$":
        return "EUR"
    return f"text{next(NUMBERS)}".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 1000)]


def _number(document: Document, schema: Schema, name: str, values: dict[str, Any]) -> int:
    return max(int(schema.get("minimum", 1)), int(schema.get("exclusiveMinimum", 0)) + 1, 1)


MAKERS = {
    "object": _object,
    "array": _array,
    "string": _text,
    "integer": _number,
    "number": _number,
    "boolean": lambda *_: True,
}
