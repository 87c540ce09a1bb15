"""The web program of an application: its routes, its middleware, its OpenAPI document (R-041)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..module import BootRefused
from ..observability.telemetry import traces_are_on
from ..security.ports import KeySource
from .batch import OperationTable
from .dispatch import Dispatch
from .documentation import documentation_routes
from .limiting import RequestLimits
from .middleware.access_log import AccessLog
from .middleware.body_limit import BodyLimit
from .middleware.client_address import ClientAddress
from .middleware.compression import Compression
from .middleware.cors import DEVELOPMENT_ORIGINS, Cors
from .middleware.errors import Errors
from .middleware.limits import Limits
from .middleware.request_id import RequestId
from .middleware.security_headers import SecurityHeaders
from .middleware.tracing import Traced
from .middleware.trusted_hosts import TrustedHosts
from .openapi import document
from .planning import Shape
from .routing import Router
from .surface import surface_made, surface_of
from .versions import Versions

if TYPE_CHECKING:
    from ..application import Application

Layer = Callable[[ASGIApp], ASGIApp]


class HttpApp:
    """The ASGI program. `api` is the FastAPI application that declares and documents the routes; `plans` carry them out."""

    def __init__(self, application: "Application", routers: Sequence[Router]) -> None:
        settings = application.settings
        self.application = application
        shape = Shape(settings.body_limit, settings.form_fields_limit, settings.response_style)
        surface = surface_of(routers, shape)
        self.api, self.plans = surface.api, surface.plans_of(settings)
        if not self.plans:
            raise BootRefused("The guard check saw no routes.")
        if settings.docs_enabled:
            self.plans += surface_made([documentation_routes(self.openapi)], shape).plans
        self._run = self._wrapped(self._table())

    def _table(self) -> Dispatch:
        table = Dispatch()
        for method, _, plan in self.plans:
            table.add(method, plan.path, plan)
        return table

    def openapi(self) -> dict[str, Any]:  # Any: OpenAPI is JSON of any shape
        """The OpenAPI document of every route."""
        application = self.application
        return document(self.api, self.plans, application.settings, takes_keys=KeySource in application.ports)

    def _wrapped(self, table: Dispatch) -> ASGIApp:
        settings = self.application.settings
        limits = RequestLimits(self.application) if settings.rate_limits else None
        default = settings.api_default_version
        inner: ASGIApp = Versions(table, default) if default else table
        for layer in reversed(layers(self.application, limits, OperationTable(table, limits))):
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


def layers(application: "Application", limits: RequestLimits | None, operations: OperationTable | None = None) -> list[Layer]:
    """The middleware, outermost first (R-041)."""
    settings = application.settings
    is_development = settings.app_env == "development"
    origins = settings.allowed_origins or (DEVELOPMENT_ORIGINS if is_development else ())
    return [
        lambda app: RequestId(app, application, operations),
        *([Traced] if traces_are_on(settings) else []),
        AccessLog,
        Errors,
        SecurityHeaders,
        lambda app: Cors(app, origins),
        lambda app: TrustedHosts(app, settings.allowed_hosts),
        lambda app: ClientAddress(app, settings.trusted_proxies),
        lambda app: Limits(app, limits),
        lambda app: BodyLimit(app, settings.body_limit),
        Compression,
    ]
