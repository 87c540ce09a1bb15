"""`Router`, with which every module declares its routes (R-132, R-329)."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, params
from fastapi.routing import APIRoute

from .versions import Leaving


class Route(APIRoute):
    """A route that remembers which dependencies its own decorator named; `core.http.planning` makes its plan."""

    own_dependencies: Sequence[params.Depends] = ()
    leaving: Leaving | None = None
    never_stored: bool = False
    database: str = "default"


class Router(APIRouter):
    """FastAPI's router with our route class. Mounted under `/api/v1`, or at the root with `root=True`.

    The routes of one that is `leaving` are deprecated and say so. What one that is `never_stored` answers is kept nowhere on the
    way, unless a route says otherwise (ASVS 14.3.2).
    """

    def __init__(
        self, *, root: bool = False, leaving: Leaving | None = None, never_stored: bool = False, **options: Any
    ) -> None:  # Any: APIRouter's own
        options.setdefault("redirect_slashes", False)
        options.setdefault("generate_unique_id_function", operation_id)
        options.setdefault("deprecated", True if leaving else None)
        super().__init__(route_class=Route, **options)
        self.root = root
        self.leaving = leaving
        self.never_stored = never_stored

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """A router is itself, whatever routes another one has, so that what was made of it can be found again."""
        return self is other

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # Any: see __init__
        """Add a route; what its decorator names in `dependencies=` is remembered as its own."""
        super().add_api_route(path, endpoint, **options)
        added = self.routes[-1]
        if isinstance(added, Route):
            added.own_dependencies = tuple(options.get("dependencies") or ())
            added.leaving = self.leaving
            added.never_stored = self.never_stored


def on_database(router: APIRouter, database: str) -> None:
    """Let the routes of a module open units on the database that the module names (R-210)."""
    for route in router.routes:
        if isinstance(route, Route):
            route.database = database


def operation_id(route: APIRoute) -> str:
    """A readable operation id: the function's name in camelCase (`list_products` becomes `listProducts`)."""
    first, *rest = route.name.split("_")
    return first + "".join(word.capitalize() for word in rest)
