"""What OpenAPI says of routes that take a form or answer a page: FastAPI sees neither in their signatures."""

from typing import Any

from starlette.responses import HTMLResponse

from mainspring.core.http.problems import ErrorOut

from ..forms import CARRIER, LONGEST, LONGEST_VALUE

Extra = dict[str, Any]  # Any: OpenAPI's own shape

HTML: Extra = {"text/html": {"schema": {"type": "string"}}}
TO = {"description": "Where the browser goes on.", "schema": {"type": "string", "maxLength": 8192}}
REFUSALS = {
    400: "The request is refused.",
    403: "The form is not ours, or whoever signs in may not.",
    404: "What the form names is not there.",
    409: "What the form asks for is done already.",
    422: "A field breaks a rule.",
    429: "Too many tries; Retry-After says how long to wait.",
    503: "For the moment this cannot be answered.",
}
ANSWERS: dict[int | str, Extra] = {
    303: {"description": "The browser goes on, with GET.", "headers": {"Location": TO}},
    **{status: {"model": ErrorOut, "description": text, "content": HTML} for status, text in REFUSALS.items()},
}
PAGE: Extra = {"response_class": HTMLResponse, "responses": ANSWERS}
"""The options of a route that answers pages."""


def form(*required: str, **optional: str) -> Extra:
    """The `openapi_extra` of a route that takes a form of fields in `forms.KNOWN`; for a name stand its choices, or nothing."""
    schema = {"type": "object", "required": list(required), "properties": _fields(required, optional)}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def query(*required: str, **optional: str) -> Extra:
    """The `openapi_extra` of a route that reads its query itself; its arguments are those of `form`."""
    fields = _fields(required, optional)
    return {
        "parameters": [
            {"name": name, "in": "query", "required": name in required, "schema": schema} for name, schema in fields.items()
        ]
    }


def _fields(required: tuple[str, ...], optional: dict[str, str]) -> dict[str, Extra]:
    fields: dict[str, Extra] = {}
    for name in dict.fromkeys((*required, *optional)):
        fields[name] = {"type": "string", "maxLength": LONGEST if name == CARRIER else LONGEST_VALUE}
        if choices := optional.get(name, "").split():
            fields[name]["enum"] = choices
        elif name in required:
            fields[name]["minLength"] = 1
    return fields
