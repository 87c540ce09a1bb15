"""The program that the bombs are thrown at: a JSON route, a form route and a free-form route, open to everybody."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import Form
from pydantic import JsonValue

from mainspring.core.application import create_application
from mainspring.core.http import Router, Schema
from mainspring.core.http.app import HttpApp
from mainspring.core.security.guard import public
from mainspring.testing.databases import settings_for


class Account(Schema):
    """What a client would send to register."""

    email: str
    password: str
    age: int = 18
    weight: float = 70.0


class Note(Schema):
    """A document of any shape."""

    document: dict[str, JsonValue]


def target_routes() -> Router:
    router = Router(dependencies=[public])

    @router.post("/accounts", status_code=204)
    async def accounts(body: Account) -> None:
        """Takes typed fields."""

    @router.post("/notes", status_code=204)
    async def notes(body: Note) -> None:
        """Takes anything."""

    @router.post("/forms", status_code=204)
    async def forms(name: Annotated[str, Form()]) -> None:
        """Takes a form."""

    @router.get("/echo/{text}")
    async def echo(text: str, q: str = "") -> str:
        """Takes text from the path and the query."""
        return text + q

    return router


def target(**environment: str) -> HttpApp:
    folder = Path(tempfile.mkdtemp(prefix="mainspring-bombs-"))
    settings = settings_for(f"sqlite:///{folder / 'never.db'}", folder, {"LOG_LEVEL": "error", **environment})
    return HttpApp(create_application(settings, modules=[]), [target_routes()])
