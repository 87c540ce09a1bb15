"""Links in the OpenAPI document: the parameter that asks for them, and the field of the answers that have them (R-246)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plan import Plan

Document = dict[str, Any]  # Any: OpenAPI is JSON of any shape

LINKS: Document = {
    "name": "links",
    "in": "query",
    "required": False,
    "description": "Whether the answer says where it leads, and what the caller may do there.",
    "schema": {"type": "boolean", "default": False},
}
_HREF: Document = {"type": "string", "format": "uri-reference", "maxLength": 8192}
_METHOD: Document = {"type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
_LINK: Document = {"$ref": "#/components/schemas/Link"}
_ACTIONS: Document = {"type": "array", "maxItems": 100, "items": {"$ref": "#/components/schemas/Action"}}
_SCHEMAS: Document = {
    "Link": {
        "type": "object",
        "title": "Link",
        "description": "Where something is.",
        "required": ["href", "method"],
        "properties": {"href": _HREF, "method": _METHOD},
    },
    "Action": {
        "type": "object",
        "title": "Action",
        "description": "Something that the caller may do: an operation by its id.",
        "required": ["name", "href", "method"],
        "properties": {"name": {"type": "string", "maxLength": 128}, "href": _HREF, "method": _METHOD},
    },
    "Links": {
        "type": "object",
        "title": "Links",
        "description": "Where a resource leads, with links=true.",
        "required": ["self", "actions"],
        "properties": {"self": _LINK, "collection": _LINK, "actions": _ACTIONS},
    },
    "PageLinks": {
        "type": "object",
        "title": "PageLinks",
        "description": "Where a list leads, with links=true.",
        "required": ["self", "first", "actions"],
        "properties": {**dict.fromkeys(("self", "first", "prev", "next", "last"), _LINK), "actions": _ACTIONS},
    },
}


def show_links(built: Document, plans: "Sequence[tuple[str, str, Plan]]") -> None:
    """Add the field to the answers that have it, in place; examples stay as they are without links."""
    schemas = built["components"]["schemas"]
    found: set[str] = set()
    for method, path, plan in plans:
        operation = built["paths"].get(path, {}).get(method.lower())
        if operation is None or plan.links is None or method != "GET":
            continue
        content = operation["responses"][str(plan.status)].get("content", {}).get("application/json", {})
        page = _named(_inner(content.get("schema", {})))
        if page is None:
            continue
        kinds = [(page, "PageLinks" if plan.links.is_list else "Links")]
        if plan.links.is_list and plan.links.item is not None:
            item = _named(schemas[page]["properties"]["data"].get("items", {}))
            kinds += [(item, "Links")] if item is not None else []
        for name, kind in kinds:
            schemas[name]["properties"].setdefault("links", {"$ref": f"#/components/schemas/{kind}"})
            found.add(kind)
    if found:
        schemas.update({name: schema for name, schema in _SCHEMAS.items() if name in found or name in ("Link", "Action")})


def _inner(schema: Document) -> Document:
    """The schema inside the form that `RESPONSE_STYLE` gives to a success."""
    inner: Document = schema.get("properties", {}).get("data", schema)
    return inner


def _named(schema: Document) -> str | None:
    reference = schema.get("$ref")
    return None if reference is None else str(reference).rpartition("/")[2]
