"""JSON schemas as TypeScript types."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Schema = Mapping[str, Any]  # Any: a JSON schema

SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
COMMON = {"User": "UserOut", "CreateUserDTO": "CreateUser", "ErrorResponse": "ErrorOut"}  # names that front ends look for


def declaration(name: str, schema: Schema) -> str:
    """The exported type of a schema of the document."""
    comment = _comment(schema.get("description", ""), "")
    if schema.get("type") == "object" and schema.get("properties"):
        return f"{comment}export interface {name} {_object(schema, '')}"
    return f"{comment}export type {name} = {type_of(schema)};"


def aliases(schemas: Mapping[str, Any]) -> Iterator[str]:
    """Short names for what answers are, where no schema has that name."""
    for short, name in sorted({**{name[:-3]: name for name in schemas if name.endswith("Out")}, **COMMON}.items()):
        if name in schemas and short not in schemas and short not in TAKEN and short.isidentifier():
            yield f"export type {short} = {name};"


TAKEN = frozenset(("Error", "Read", "Tokens", "Request", "Response", "Call", "Query", "Transport", "Link", "Statement"))


def type_of(schema: Schema, indent: str = "") -> str:
    """The type of a value that the schema allows."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(map(_literal, schema["enum"]))
    for key, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if schema.get(key):
            return sign.join(dict.fromkeys(_grouped(inner, indent) for inner in schema[key]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(type_of({**schema, "type": one}, indent) for one in kind)
    if kind == "array":
        return f"{_grouped(schema.get('items', {}), indent)}[]"
    if kind == "object" or "properties" in schema:
        return _object(schema, indent) if schema.get("properties") else _record(schema, indent)
    return SIMPLE.get(str(kind), "unknown")


def _grouped(schema: Schema, indent: str) -> str:
    kind = type_of(schema, indent)
    return f"({kind})" if " | " in kind or " & " in kind else kind


def _record(schema: Schema, indent: str) -> str:
    more = schema.get("additionalProperties", True)
    return f"Record<string, {type_of(more, indent) if isinstance(more, dict) and more else 'unknown'}>"


def _object(schema: Schema, indent: str) -> str:
    inner = indent + "  "
    required = set(schema.get("required", ()))
    lines = []
    for name, part in schema["properties"].items():
        written = name if name.isidentifier() else _literal(name)
        comment = _comment(part.get("description", ""), inner)
        lines.append(f"{comment}{inner}{written}{'' if name in required else '?'}: {type_of(part, inner)};")
    return "{\n" + "\n".join(lines) + f"\n{indent}}}"


def _comment(text: str, indent: str) -> str:
    if not text:
        return ""
    words = " ".join(text.replace("*/", "* /").split())
    return f"{indent}/** {words} */\n"


def _literal(value: Any) -> str:
    return orjson.dumps(value).decode()
