"""The declared surface of a program: its FastAPI application and the plan of each route.

Making it takes most of the time of making a program, and nothing in it belongs to a running application; what does is added
by `plans_of`. So the last few are kept for whoever makes the same program again in this process, as tests do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from ... import __version__
from ..module import BootRefused
from .plan import Plan
from .planning import Shape, connect, plan_for
from .routing import Router

if TYPE_CHECKING:
    from ..settings import Settings

PREFIX = "/api/v1"
KEPT = 8  # programs; a process that serves makes one


@dataclass(frozen=True, slots=True)
class Surface:
    """`api` declares and documents the routes; `plans`, by method and path, carry them out."""

    api: FastAPI
    plans: Sequence[tuple[str, str, Plan]]

    def plans_of(self, settings: "Settings") -> list[tuple[str, str, Plan]]:
        """The plans for one program."""
        own = {id(plan): plan.of_program(settings) for _, _, plan in self.plans}
        return [(method, path, own[id(plan)]) for method, path, plan in self.plans]


def surface_of(routers: Sequence[Router], shape: Shape) -> Surface:
    """The surface of these routers, kept for the next program. Raises BootRefused when a route lacks a rule or an answer type."""
    return _kept(tuple((router, len(router.routes)) for router in routers), shape)


@lru_cache(KEPT)
def _kept(routers: tuple[tuple[Router, int], ...], shape: Shape) -> Surface:
    return surface_made([router for router, _ in routers], shape)  # its number of routes tells a router that has grown since


def surface_made(routers: Sequence[Router], shape: Shape) -> Surface:
    """As `surface_of`, kept by nobody: for routes that hold on to their program."""
    api = FastAPI(
        title="Mainspring", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    for router in routers:
        api.include_router(router, prefix="" if router.root else PREFIX)
    plans: list[tuple[str, str, Plan]] = []
    for route in iter_route_contexts(api.routes):
        if not isinstance(route.original_route, APIRoute):
            raise BootRefused(f"The route {route.path} is not declared with a Router, so nobody checks who may come in.")
        plan = plan_for(route, shape)
        plans.extend((method, route.path_format or "/", plan) for method in sorted(route.methods or ()))
    _refuse_same_names(api)
    connect(plans)
    return Surface(api, tuple(plans))


def _refuse_same_names(api: FastAPI) -> None:
    """Clients are generated from operation ids, so each names one route."""
    paths: dict[str, str] = {}
    for route in iter_route_contexts(api.routes):
        name, path = str(route.unique_id), route.path_format or "/"
        if route.include_in_schema and (other := paths.setdefault(name, path)) != path:
            raise BootRefused(f"{other} and {path} are both named {name!r}: rename one of the functions.")
