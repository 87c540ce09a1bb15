"""`/docs`, `/openapi.json` and `/openapi.yaml`, from our own files (R-248, R-306; no CDN, so our content policy holds)."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from starlette.responses import Response

from ..errors import NotFound
from ..security.guard import public
from .routing import Router
from .yaml import to_yaml

ASSETS = {
    "favicon-32x32.png": "image/png",
    "page.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
KEPT = {"cache-control": "public, max-age=86400"}


def documentation_routes(document: Callable[[], dict[str, Any]]) -> Router:  # Any: OpenAPI is JSON of any shape
    """The routes of the documentation. `document` is asked once, at the first request."""
    router = Router(root=True, dependencies=[public], include_in_schema=False)

    @cache
    def as_json() -> bytes:
        return orjson.dumps(document())

    @cache
    def as_yaml() -> str:
        return to_yaml(document())

    @router.get("/openapi.json")
    async def openapi_json() -> Response:
        """The OpenAPI document."""
        return Response(as_json(), media_type="application/json")

    @router.get("/openapi.yaml")
    async def openapi_yaml() -> Response:
        """The OpenAPI document as YAML."""
        return Response(as_yaml(), media_type="application/yaml")

    @router.get("/docs")
    async def docs() -> Response:
        """The documentation for people."""
        return Response(asset("page.html"), media_type="text/html")

    @router.get("/docs/assets/{name}")
    async def docs_asset(name: str) -> Response:
        """A file of the documentation."""
        if name not in ASSETS:
            raise NotFound()
        return Response(asset(name), headers=KEPT, media_type=ASSETS[name])

    return router


@cache
def asset(name: str) -> bytes:
    """A file beside this one."""
    return (files(__package__) / "docs_assets" / name).read_bytes()
