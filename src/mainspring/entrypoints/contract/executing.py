"""Examples that were executed: each operation is called in this process, by somebody new, on a database that is then thrown away.

All of it is done twice, and what differs (ids, tokens, times) is replaced by words, so that the same program writes the same
examples. An operation that needs what an example cannot make, such as the secret of a mail, is left out.
"""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from mainspring.core.application import Application, create_application
from mainspring.core.database.migrate import bring_up_to_date
from mainspring.core.http.app import HttpApp
from mainspring.core.http.examples import example_of
from mainspring.core.settings import load_settings
from mainspring.entrypoints.http import create_app
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.users.service import UserService

from .asking import asked
from .operations import Document, Operation, operations_of

PASSWORD = "correct horse battery staple"  # noqa: S105 - of accounts that live for a second
ENVIRONMENT = {
    "APP_ENV": "development",
    "LOG_LEVEL": "error",
    "LOG_SQL": "false",
    "RATE_LIMITS": "off",
    "DB_SYNCHRONOUS": "off",
    "PASSWORD__MEMORY_KIB": "8192",
    "PASSWORD__TIME_COST": "1",
    "PASSWORD__PARALLELISM": "1",
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ADDRESS = re.compile(r"(person|new)\d+@example\.com")
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2}))?")
AN_ID, A_MOMENT = "019b76da-a800-7000-8000-000000000000", "2026-01-31T12:00:00Z"
LONGEST_LIST = 2  # items of a list that an example shows


@dataclass(frozen=True)
class Executed:
    """What was sent and what came back. Whatever an operation answered but a success is no example of it."""

    path: str
    body: Any  # Any: a JSON value
    status: int
    answer: Any


@dataclass(frozen=True)
class Caller:
    """Somebody with every permission who has just signed in."""

    id: str
    email: str
    access_token: str
    refresh_token: str


@dataclass
class Stage:
    """The program that is asked, and how often something was made up."""

    program: HttpApp
    application: Application
    document: Document
    made: int = 0
    by_path: dict[tuple[str, str], Operation] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, caller: Caller | None = None, body: Any = None, form: bool = False
    ) -> tuple[int, Any]:
        """Status and JSON value of an answer; None where it is not JSON."""
        headers = [(b"host", b"127.0.0.1:8000")]
        if caller is not None:
            headers.append((b"authorization", f"Bearer {caller.access_token}".encode()))
        content = b""
        if body is not None:
            content = urlencode(body).encode() if form else orjson.dumps(body)
            kind = b"application/x-www-form-urlencoded" if form else b"application/json"
            headers += [(b"content-type", kind), (b"content-length", b"%d" % len(content))]
        bare, _, query = path.partition("?")
        return await asked(self.program, method, bare, query, headers, content)

    async def somebody(self) -> Caller:
        """A new administrator."""
        self.made += 1
        email = f"person{self.made}@example.com"
        wish = {"email": email, "password": PASSWORD, "name": "Ada Lovelace"}
        await self.ask("POST", "/api/v1/auth/register", body=wish)
        async with self.application.unit() as uow:
            found = await UserService(uow).of_address(email)
            await AssignmentService(uow).assign(None, found.id, "admin")
        _, session = await self.ask("POST", "/api/v1/auth/login", body={"email": email, "password": PASSWORD})
        return Caller(str(found.id), email, session["accessToken"], session["refreshToken"])

    async def executed(self, operation: Operation) -> Executed | None:
        """The operation called with an example; None when something is missing or it did not succeed."""
        caller = await self.somebody()
        path: str | None = operation.path
        if operation.in_path:
            path = await self._filled(operation.path, caller)
        needed = {one["name"]: self._value(one["schema"], one["name"]) for one in operation.in_query if one.get("required")}
        if path is None:
            return None
        values = await self._known(operation, caller)
        body = self._body(operation, values)
        asked_path = f"{path}?{urlencode(needed)}" if needed else path
        status, answer = await self.ask(operation.method, asked_path, caller, body, operation.is_form)
        return Executed(asked_path, body, status, answer) if 200 <= status < 400 else None

    async def _filled(self, path: str, caller: Caller) -> str | None:
        """The path with things in place of its parameters: made where there is a way to make one, else the first of a list."""
        while "{" in path:
            collection = path.partition("/{")[0]
            name = path.partition("{")[2].partition("}")[0]
            value = (
                await self._person(path, caller) if collection == "/api/v1/users" else await self._thing(collection, name, caller)
            )
            if value is None:
                return None
            path = path.replace(f"{{{name}}}", value, 1)
        return path

    async def _person(self, path: str, caller: Caller) -> str:
        """Somebody without more than everybody may, in the state that the operation begins with."""
        self.made += 1
        wish = {"email": f"person{self.made}@example.com", "password": PASSWORD, "name": "Grace Hopper"}
        _, person = await self.ask("POST", "/api/v1/auth/register", body=wish)
        if path.endswith("/restoration"):
            await self.ask("DELETE", f"/api/v1/users/{person['id']}", caller)
        return str(person["id"])

    async def _thing(self, collection: str, name: str, caller: Caller) -> str | None:
        made: Any = None
        if collection.endswith("/roles") and collection != "/api/v1/roles":
            return "user"
        pattern = UUID.sub("{id}", collection)
        operation = self.by_path.get(("POST", pattern))
        if operation is not None:
            body = self._body(operation, await self._known(operation, caller))
            _, made = await self.ask("POST", collection, caller, body, operation.is_form)
        if not isinstance(made, dict) or not made.keys() & {"id", name}:
            _, listed = await self.ask("GET", collection, caller)
            items = listed.get("data") if isinstance(listed, dict) else None
            made = items[0] if items else None
        if not isinstance(made, dict):
            return None
        found = made.get(name, made.get("id"))
        return None if found is None else str(found)

    async def _known(self, operation: Operation, caller: Caller) -> dict[str, Any]:
        """What a body must say that is true here."""
        self.made += 1
        values: dict[str, Any] = {
            "password": PASSWORD,
            "currentPassword": PASSWORD,
            "newPassword": "another correct horse battery",
            "email": f"new{self.made}@example.com",
            "newEmail": f"new{self.made}@example.com",
            "refreshToken": caller.refresh_token,
            "permission": "products:read",
            "permissions": ["products:read"],
            "role": "user",
            "roles": ["user"],
            "slug": f"team-{self.made}",
            "delta": 5,
            "paymentMethod": "card_ok",
        }
        if operation.path == "/api/v1/auth/login":
            values["email"] = caller.email
        if operation.path == "/api/v1/roles":
            values["name"] = f"editor-{self.made}"
        if operation.path.startswith("/api/v1/organizations"):
            values.pop("role"), values.pop("roles")
        fields = self._fields(operation.body or {})
        if "toUserId" in fields or ("userId" in fields and operation.path != "/api/v1/api-keys"):
            other = (await self.somebody()).id
            values |= {"toUserId": other, "userId": other}
        if "items" in fields:
            product = self.by_path.get(("POST", "/api/v1/products"))
            if product is not None:
                _, made = await self.ask("POST", product.path, caller, self._body(product, {"stock": 5}))
                values["items"] = [{"productId": made["id"], "quantity": 1}]
        if operation.path == "/api/v1/credits/transfers":
            await self.ask("POST", "/api/v1/credits/deposits", caller, {"toUserId": caller.id, "amount": 100})
        return values

    def _fields(self, schema: Document) -> Mapping[str, Any]:
        for choice in schema.get("anyOf", ()):
            if "$ref" in choice:
                schema = choice
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        fields: Mapping[str, Any] = schema.get("properties", {})
        return fields

    def _body(self, operation: Operation, values: Mapping[str, Any]) -> Any:
        if not operation.body:
            return None
        schemas = self.document["components"]["schemas"]
        body = example_of(operation.body, schemas)
        fields = self._fields(operation.body)
        if isinstance(body, dict):
            body |= {name: value for name, value in values.items() if name in fields}
        return body

    def _value(self, schema: Document, name: str) -> Any:
        known = {"permission": "products:read"}
        return known.get(name) or example_of(schema, self.document["components"]["schemas"], name)


async def executed_examples(document: Document) -> dict[str, Executed]:
    """An example for each operation that succeeded, by operationId; the same whenever the program is the same."""
    first, second = await _performance(document), await _performance(document)
    return {name: _settled(first[name], second[name]) for name in first if name in second}


async def _performance(document: Document) -> dict[str, Executed]:
    with tempfile.TemporaryDirectory(prefix="mainspring-handoff-") as folder:
        given = {**ENVIRONMENT, "DATABASE_URL": f"sqlite:///{folder}/examples.db", "DATA_DIR": f"{folder}/data"}
        application = create_application(load_settings(environ=given, directory=Path(folder)))
        await bring_up_to_date(application)
        await application.start()
        try:
            stage = Stage(create_app(application), application, document)
            operations = list(operations_of(document))
            stage.by_path = {(operation.method, operation.path): operation for operation in operations}
            found = {operation.id: await stage.executed(operation) for operation in operations}
        finally:
            await application.stop()
    return {name: example for name, example in found.items() if example is not None}


def _settled(first: Executed, second: Executed) -> Executed:
    return Executed(
        _plain(first.path),
        _same(first.body, second.body, "value"),
        first.status,
        _same(first.answer, second.answer, "value"),
    )


def _same(first: Any, second: Any, name: str) -> Any:
    """A JSON value with words in place of what two performances do not agree on."""
    if isinstance(first, dict):
        other = second if isinstance(second, dict) else {}
        return {key: _same(value, other.get(key), key) for key, value in first.items()}
    if isinstance(first, list):
        others = second if isinstance(second, list) else []
        pairs = [(value, others[at] if at < len(others) else None) for at, value in enumerate(first[:LONGEST_LIST])]
        return [_same(value, other, name) for value, other in pairs]
    if isinstance(first, str):
        text = _plain(first)
        return text if isinstance(second, str) and text == _plain(second) else f"<{name}>"
    return first if first == second else (0 if isinstance(first, int | float) else f"<{name}>")


def _plain(text: str) -> str:
    return ADDRESS.sub("ada@example.com", MOMENT.sub(A_MOMENT, UUID.sub(AN_ID, text)))
