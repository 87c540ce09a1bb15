"""`/docs`, `/openapi.json` and `/openapi.yaml`, from our own files (R-248, R-306; no CDN, so our content policy holds)."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from starlette.responses import Response

from ..errors import NotFound
from ..security.guard import public
from .caching import file_answer, fingerprint
from .dependencies import CallContext
from .routing import Router
from .yaml import to_yaml

ASSETS = {
    "favicon-32x32.png": "image/png",
    "page.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}


def documentation_routes(document: Callable[[], dict[str, Any]]) -> Router:  # Any: OpenAPI is JSON of any shape
    """The routes of the documentation. `document` is asked once, at the first request."""
    router = Router(root=True, dependencies=[public], include_in_schema=False)

    @cache
    def as_json() -> bytes:
        return orjson.dumps(document())

    @cache
    def as_yaml() -> bytes:
        return to_yaml(document()).encode()

    @router.get("/openapi.json")
    async def openapi_json(context: CallContext) -> Response:
        """The OpenAPI document."""
        return file_answer(context, as_json(), "application/json")

    @router.get("/openapi.yaml")
    async def openapi_yaml(context: CallContext) -> Response:
        """The OpenAPI document as YAML."""
        return file_answer(context, as_yaml(), "application/yaml")

    @router.get("/docs")
    async def docs(context: CallContext) -> Response:
        """The documentation for people."""
        return file_answer(context, page(), "text/html")

    @router.get("/docs/assets/{name}")
    async def docs_asset(name: str, context: CallContext) -> Response:
        """A file of the documentation, by its name or by that of its present content, which may be kept for ever."""
        plain = hashed_names().get(name, name)
        if plain not in ASSETS:
            raise NotFound()
        return file_answer(context, asset(plain), ASSETS[plain], forever=plain != name)

    return router


@cache
def page() -> bytes:
    """The page, which asks for each file by the name of its content (R-240)."""
    text = asset("page.html")
    for hashed, plain in hashed_names().items():
        text = text.replace(f"/docs/assets/{plain}".encode(), f"/docs/assets/{hashed}".encode())
    return text


@cache
def hashed_names() -> dict[str, str]:
    """`page.0123456789abcdef.js` for `page.js`, and so on."""
    parts = [(plain, plain.rpartition(".")) for plain in ASSETS]
    return {f"{stem}.{fingerprint(asset(plain))}.{ending}": plain for plain, (stem, _, ending) in parts}


@cache
def asset(name: str) -> bytes:
    """A file beside this one."""
    return (files(__package__) / "docs_assets" / name).read_bytes()
