"""The web program of an application: its routes, its middleware, its OpenAPI document (R-041)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from ... import __version__
from ..module import BootRefused
from ..security.ports import KeySource
from .dispatch import Dispatch
from .documentation import documentation_routes
from .middleware.access_log import AccessLog
from .middleware.body_limit import BodyLimit
from .middleware.client_address import ClientAddress
from .middleware.compression import Compression
from .middleware.cors import DEVELOPMENT_ORIGINS, Cors
from .middleware.errors import Errors
from .middleware.request_id import RequestId
from .middleware.security_headers import SecurityHeaders
from .middleware.trusted_hosts import TrustedHosts
from .openapi import document
from .plan import Plan
from .planning import connect, plan_for
from .routing import Router
from .versions import Versions

if TYPE_CHECKING:
    from ..application import Application

PREFIX = "/api/v1"
Layer = Callable[[ASGIApp], ASGIApp]


class HttpApp:
    """The ASGI program. `api` is the FastAPI application that declares and documents the routes; `plans` carry them out."""

    def __init__(self, application: "Application", routers: Sequence[Router]) -> None:
        settings = application.settings
        self.application = application
        self.api = FastAPI(
            title="Mainspring", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
        )
        for router in routers:
            self._include(router)
        self.plans = self._plans(self.api.routes)
        if not self.plans:
            raise BootRefused("The guard check saw no routes.")
        if settings.docs_enabled:
            self._include(documentation_routes(self.openapi))
            self.plans += self._plans(self.api.routes[-1:])
        connect(self.plans)
        self._run = self._wrapped(self._table())

    def _include(self, router: Router) -> None:
        self.api.include_router(router, prefix="" if router.root else PREFIX)

    def _plans(self, routes: Sequence[BaseRoute]) -> list[tuple[str, str, Plan]]:
        plans: list[tuple[str, str, Plan]] = []
        for route in iter_route_contexts(routes):
            if not isinstance(route.original_route, APIRoute):
                raise BootRefused(f"The route {route.path} is not declared with a Router, so nobody checks who may come in.")
            plan = plan_for(route, self.application.settings)
            plans.extend((method, route.path_format or "/", plan) for method in sorted(route.methods or ()))
        return plans

    def _table(self) -> ASGIApp:
        table = Dispatch()
        for method, _, plan in self.plans:
            table.add(method, plan.path, plan)
        default = self.application.settings.api_default_version
        return Versions(table, default) if default else table

    def openapi(self) -> dict[str, Any]:  # Any: OpenAPI is JSON of any shape
        """The OpenAPI document of every route."""
        application = self.application
        return document(self.api, self.plans, application.settings, takes_keys=KeySource in application.ports)

    def _wrapped(self, inner: ASGIApp) -> ASGIApp:
        for layer in reversed(layers(self.application)):
            inner = layer(inner)
        return inner

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._live(receive, send) if scope["type"] == "lifespan" else self._run(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start and stop the application for ASGI servers that ask for it; `mainspring serve` does both itself."""
        while True:
            step = (await receive())["type"].removeprefix("lifespan.")
            try:
                await (self.application.start() if step == "startup" else self.application.stop())
            except Exception as problem:
                await send({"type": f"lifespan.{step}.failed", "message": str(problem)})
                raise
            await send({"type": f"lifespan.{step}.complete"})
            if step == "shutdown":
                return


def layers(application: "Application") -> list[Layer]:
    """The middleware, outermost first (R-041)."""
    settings = application.settings
    is_development = settings.app_env == "development"
    origins = settings.allowed_origins or (DEVELOPMENT_ORIGINS if is_development else ())
    return [
        lambda app: RequestId(app, application),
        AccessLog,
        Errors,
        SecurityHeaders,
        lambda app: Cors(app, origins),
        lambda app: TrustedHosts(app, settings.allowed_hosts),
        lambda app: ClientAddress(app, settings.trusted_proxies),
        lambda app: BodyLimit(app, settings.body_limit),
        Compression,
    ]
