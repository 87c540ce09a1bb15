"""The typed TypeScript client: one file without dependencies, made from the OpenAPI document (R-305).

A type for each schema, a method for each operationId, an async iterator for each list. What does not depend on the document
stands in client_runtime.ts.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import orjson

from .operations import Document, Operation, operations_of
from .typescript_types import aliases, declaration, type_of

ENDING = ("logout", "logoutAll")  # after these the client forgets its tokens
HEAD = """// The client of {title} {version}, written by `mainspring handoff`.
// Do not edit it: write it anew after a change of the contract.
// It compiles under `tsc --strict --target es2022` and needs nothing but fetch."""


def client_of(document: Document) -> str:
    """The whole file."""
    info, schemas = document["info"], document["components"]["schemas"]
    operations = list(operations_of(document))
    runtime = files(__package__).joinpath("client_runtime.ts").read_text(encoding="utf-8").strip()
    parts = [
        HEAD.format(title=info["title"], version=info["version"]),
        *(declaration(name, schema) for name, schema in sorted(schemas.items())),
        "\n".join(aliases(schemas)),
        _codes(operations),
        _of_session(operations),
        runtime,
        _client(operations, schemas),
    ]
    return "\n\n".join(parts) + "\n"


def _codes(operations: list[Operation]) -> str:
    codes = sorted({code for operation in operations for code in operation.codes})
    known = "".join(f"\n  | {_quoted(code)}" for code in codes)
    comment = "/** The codes that the contract names; a newer server may have more. */"
    return f"{comment}\nexport type ErrorCode ={known}\n  | (string & {{}});"


def _of_session(operations: list[Operation]) -> str:
    """The two operations that the transport itself calls."""
    lines = []
    for name, id, otherwise in (("REFRESH", "refresh", "/auth/refresh"), ("CSRF", "getCsrfToken", "/auth/csrf")):
        found = next((operation for operation in operations if operation.id == id), None)
        method, path = (found.method, found.path) if found else ("POST", otherwise)
        lines.append(f"const {name} = {{ method: {_quoted(method)}, path: {_quoted(path)} }};")
    return "\n".join(lines)


def _client(operations: list[Operation], schemas: Mapping[str, Any]) -> str:
    methods = [line for operation in operations for line in _method(operation, schemas)]
    return "\n".join(
        [
            "/** One method for each operation of the contract. */",
            "export class ApiClient {",
            "  private readonly transport: Transport;",
            "",
            "  constructor(options: ClientOptions) {",
            "    this.transport = new Transport(options);",
            "  }",
            "",
            "  /** The tokens of the session, with the bearer transport. */",
            "  get tokens(): Tokens | null {",
            "    return this.transport.session;",
            "  }",
            "",
            "  set tokens(tokens: Tokens | null) {",
            "    this.transport.session = tokens;",
            "  }",
            *methods,
            "}",
        ]
    )


def _method(operation: Operation, schemas: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield from _comment(operation)
    answer = _answer_type(operation)
    kinds = _input_types(operation)
    optional = all(text.startswith(("query?", "body?")) for text in kinds)
    given = f"input: {{ {'; '.join(kinds)} }}{' = {}' if optional else ''}, " if kinds else ""
    yield f"  async {operation.id}({given}options: CallOptions = {{}}): Promise<{answer}> {{"
    call = [
        f"method: {_quoted(operation.method)}",
        f"path: {_quoted(operation.path)}",
        *(["pathValues: input.path"] if operation.in_path else []),
        *(["query: input.query"] if operation.in_query else []),
        *(["body: input.body"] if operation.body else []),
        *(["form: true"] if operation.body and operation.is_form else []),
        *(["redirects: true"] if operation.redirects else []),
        f"guarded: {'true' if operation.is_guarded else 'false'}",
    ]
    if operation.id in ENDING:
        yield f"    const answer = await this.transport.call<{answer}>({{ {', '.join(call)} }}, options);"
        yield "    this.transport.forget();"
        yield "    return answer;"
    else:
        yield f"    return this.transport.call<{answer}>({{ {', '.join(call)} }}, options);"
    yield "  }"
    item = _item_of(operation, schemas)
    if item is not None:
        yield from _iterators(operation, kinds, item, given, answer)


def _iterators(operation: Operation, kinds: list[str], item: str, given: str, answer: str) -> Iterator[str]:
    by_cursor = "true" if any(parameter["name"] == "cursor" for parameter in operation.in_query) else "false"
    others = "...input, " if len(kinds) > 1 else ""
    call = f"(query) => this.{operation.id}({{ {others}query }}, options), input.query ?? {{}}, {by_cursor}"
    yield ""
    yield f"  /** Every page of {operation.id}. */"
    yield f"  {operation.id}Pages({given}options: CallOptions = {{}}): AsyncGenerator<{answer}> {{"
    yield f"    return pagesOf<{answer}>({call});"
    yield "  }"
    yield ""
    yield f"  /** Everything that {operation.id} lists, page after page. */"
    yield f"  {operation.id}Items({given}options: CallOptions = {{}}): AsyncGenerator<{item}> {{"
    yield f"    return itemsOf<{item}>(this.{operation.id}Pages(input, options));"
    yield "  }"


def _comment(operation: Operation) -> Iterator[str]:
    text = re.sub(r"\*/", "* /", operation.description)
    yield "  /**"
    for line in (text, f"{operation.method} {operation.path}: {operation.rule}."):
        yield from (f"   * {part}".rstrip() for part in line.splitlines())
    yield "   */"


def _input_types(operation: Operation) -> list[str]:
    kinds = []
    if operation.in_path:
        parts = "; ".join(f"{_name(one)}: {type_of(one['schema'])}" for one in operation.in_path)
        kinds.append(f"path: {{ {parts} }}")
    if operation.in_query:
        is_needed = any(one.get("required") for one in operation.in_query)
        fields = "; ".join(
            f"{_name(one)}{'' if one.get('required') else '?'}: {_or_undefined(one)}" for one in operation.in_query
        )
        kinds.append(f"query{'' if is_needed else '?'}: {{ {fields} }}")
    if operation.body:
        kinds.append(f"body{'' if operation.body_is_required else '?'}: {type_of(operation.body)}")
    return kinds


def _or_undefined(parameter: Document) -> str:
    kind = type_of(parameter["schema"])
    return kind if parameter.get("required") else f"{kind} | undefined"


def _answer_type(operation: Operation) -> str:
    if operation.redirects:
        return "Response"
    kinds = dict.fromkeys(type_of(schema) for schema in operation.answers)
    return " | ".join(kinds) or "void"


def _item_of(operation: Operation, schemas: Mapping[str, Any]) -> str | None:
    """What a list is a list of; None for other operations."""
    name = operation.answers[0].get("$ref", "").rpartition("/")[2] if len(operation.answers) == 1 else ""
    fields = schemas.get(name, {}).get("properties", {})
    if operation.method != "GET" or not {"data", "pagination"} <= fields.keys() or not operation.in_query:
        return None
    return type_of(fields["data"]["items"])


def _name(parameter: Document) -> str:
    name: str = parameter["name"]
    return name if name.isidentifier() else _quoted(name)


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()
