"""The handoff document: what a front-end team must know, in one file (R-304)."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from .executing import Executed
from .operations import Document, Operation, operations_of

INTRODUCTION = """# {title} {version}: handoff

Written by `mainspring handoff`. Beside this file: `openapi.json` and `openapi.yaml`, the contract; `client.ts`, a typed client
without dependencies. Examples were executed by the program itself; where one could not be, it says *not executed*."""

SIGNING_IN = """## Signing in

**Bearer**, for programs and for pages that keep tokens themselves: `POST /api/v1/auth/login` with `"transport": "bearer"`
answers `accessToken` and `refreshToken`. Send `Authorization: Bearer <accessToken>`. After 401, `POST /api/v1/auth/refresh` with
`{"refreshToken": "..."}` answers the next pair; the old refresh token is used up, so let calls at the same time share one
refresh.

**Cookie**, for browsers: `"transport": "cookie"` sets cookies that no script can read, and answers `csrfToken`. Send requests
with `credentials: "include"`, and `X-CSRF-Token` with everything that changes something. After a reload,
`GET /api/v1/auth/csrf` answers the token anew. Requests with a cookie must come from an allowed origin.

Where a second factor is set up, the first step answers `mfaToken`, which `POST /api/v1/auth/mfa/verify` trades for the session.
`POST /api/v1/auth/logout` ends the session."""

CONVENTIONS = """## Conventions

**Pages.** Lists take `page` and `limit` and answer `{"data": [...], "pagination": {"page", "limit", "total", "pages"}}`. With an
empty `cursor` they answer `nextCursor` and `prevCursor` instead; send it back as `cursor` until it is null. A cursor misses and
repeats nothing while rows are added.

**Repetitions.** Operations that take `Idempotency-Key` answer a repetition with the same key as they answered first. Make a
random key for each deed, not for each try.

**Versions.** Answers with an `ETag` take it back as `If-None-Match` (304 when nothing changed) and as `If-Match` (412 when
somebody else changed it before).

**Ids.** `X-Request-ID` of an answer stands in the server's logs; show it when something went wrong."""

AN_ERROR = """```json
{
  "error": {"code": "VALIDATION_ERROR", "message": "...", "details": [{"field": "name", "message": "...", "code": "missing"}]},
  "meta": {"timestamp": "2026-01-31T12:00:00Z", "path": "/api/v1/products", "requestId": "019b76da-a800-7000-8000-000000000000"}
}
```"""


def handbook_of(document: Document, examples: Mapping[str, Executed]) -> str:
    """The whole document as Markdown."""
    operations = list(operations_of(document))
    info = document["info"]
    parts = [
        INTRODUCTION.format(title=info["title"], version=info["version"]),
        "\n".join(_addresses(document)),
        SIGNING_IN,
        CONVENTIONS,
        "\n".join(_limits(document)),
        "\n".join(_errors(operations)),
    ]
    for tag in document["tags"]:
        chapter = [operation for operation in operations if operation.tag == tag["name"]]
        parts.append(f"## {tag['name']}\n\n{tag.get('description', '')}".rstrip())
        parts += ["\n".join(_endpoint(operation, examples.get(operation.id), document)) for operation in chapter]
    parts.append("## Types\n\nWhat is sent and answered, by name; the client has a TypeScript type for each.")
    parts += ["\n".join(_type(name, schema)) for name, schema in sorted(document["components"]["schemas"].items())]
    return "\n\n".join(parts) + "\n"


def _addresses(document: Document) -> Iterator[str]:
    yield "## Addresses\n"
    yield "| address | for |"
    yield "|---|---|"
    for server in document["servers"]:
        yield f"| `{server['url']}` | {server['description']} |"
    if not any(server["description"] == "production" for server in document["servers"]):
        yield "\nThe address of production is named when this is written with production's `APP_ENV` and `PUBLIC_URL`."


def _limits(document: Document) -> Iterator[str]:
    yield "## Limits\n"
    limits = document.get("x-rate-limits")
    if not limits:
        yield "Requests are not limited."
        return
    yield "| who | requests |"
    yield "|---|---|"
    for who, quota in limits.items():
        yield f"| {who} | {quota} |"
    yield ""
    yield "Single endpoints have limits of their own beside these. `RateLimit` and `RateLimit-Policy` tell in every answer what"
    yield "is left; 429 says in `Retry-After` how many seconds to wait."


def _errors(operations: list[Operation]) -> Iterator[str]:
    yield "## Errors\n"
    yield "Every error has this form; tell errors apart by `code`, which is stable, and never by `message`."
    yield "With `Accept: application/problem+json` the same is answered as RFC 9457 says.\n"
    yield AN_ERROR + "\n"
    yield "| code | status | message |"
    yield "|---|---|---|"
    found = {
        (code, status): message
        for operation in operations
        for status, codes in operation.errors.items()
        for code, message in codes.items()
    }
    for (code, status), message in sorted(found.items()):
        yield f"| `{code}` | {status} | {_cell(message)} |"


def _endpoint(operation: Operation, example: Executed | None, document: Document) -> Iterator[str]:
    yield f"### {operation.method} {operation.path}\n"
    yield f"`{operation.id}`: {operation.description}\n"
    yield f"- **Who:** {operation.rule}"
    if limits := operation.declared.get("x-rate-limits"):
        yield f"- **Limits of its own:** {', '.join(f'`{limit}`' for limit in limits)}"
    yield f"- **Errors:** {'; '.join(_error_words(operation))}"
    rows = list(_inputs(operation, document))
    if rows:
        yield "\n| input | in | type | |"
        yield "|---|---|---|---|"
        yield from rows
    answers = ", ".join(_answer_words(operation))
    yield f"\nAnswers {answers}.\n"
    yield from _example(operation, example)


def _error_words(operation: Operation) -> Iterator[str]:
    for status, codes in sorted(operation.errors.items()):
        yield f"{status} {', '.join(f'`{code}`' for code in codes)}" if codes else status


def _inputs(operation: Operation, document: Document) -> Iterator[str]:
    for parameter in [*operation.in_path, *operation.in_query, *operation.in_headers]:
        yield _row(parameter["name"], parameter["in"], parameter["schema"], parameter.get("required", False), parameter)
    schema = _resolved(operation.body or {}, document)
    for name, inner in schema.get("properties", {}).items():
        yield _row(name, "body", inner, name in schema.get("required", ()), inner)


def _type(name: str, schema: Document) -> Iterator[str]:
    yield f"### {name}\n"
    if not schema.get("properties"):
        yield f"{schema.get('description', '')} {_kind(schema)}".strip()
        return
    yield f"{schema['description']}\n" if schema.get("description") else ""
    yield "| field | type | |"
    yield "|---|---|---|"
    for field, inner in schema["properties"].items():
        yield _row(field, None, inner, field in schema.get("required", ()), inner)


def _row(name: str, place: str | None, schema: Document, required: bool, described: Document) -> str:
    words = [*(["required"] if required else []), *_bounds(schema), described.get("description", "")]
    cells = [f"`{name}`", *([place] if place else []), _cell(_kind(schema)), _cell("; ".join(filter(None, words)))]
    return f"| {' | '.join(cells)} |"


def _resolved(schema: Document, document: Document) -> Document:
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            return _resolved(choice, document)
    if "$ref" in schema:
        found: Document = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def _kind(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return " or ".join(_kind(choice) for choice in choices)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "`{}`",
    "default": "default {}",
}


def _bounds(schema: Document) -> Iterator[str]:
    for part in [schema, *(choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null")]:
        for name, words in BOUNDS.items():
            if part.get(name) is not None:
                value = part[name]
                number = int(value) if isinstance(value, float) and value.is_integer() else value
                yield words.format(orjson.dumps(number).decode() if name == "default" else number)


def _answer_words(operation: Operation) -> Iterator[str]:
    for status, answer in operation.declared["responses"].items():
        if status < "400":
            kinds = [_kind(content["schema"]) for content in answer.get("content", {}).values() if content.get("schema")]
            yield f"{status}{' ' + ' or '.join(kinds) if kinds else ''}"


def _example(operation: Operation, example: Executed | None) -> Iterator[str]:
    if example is None:
        yield "*Not executed:* it needs what an example cannot make; the contract has made-up values."
        return
    sent = [f"{operation.method} {example.path}"]
    if operation.is_guarded:
        sent.append("Authorization: Bearer <accessToken>")
    if example.body is not None:
        kind = "application/x-www-form-urlencoded" if operation.is_form else "application/json"
        sent += [f"Content-Type: {kind}", "", _json(example.body)]
    yield "Executed:\n"
    yield "```http\n" + "\n".join(sent) + "\n```\n"
    got = f"{example.status}" if example.answer is None else f"{example.status}\n\n{_json(example.answer)}"
    yield f"```http\n{got}\n```"


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
