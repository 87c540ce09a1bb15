"""The links of a list: first, prev, next and last, in the answer and as `Link` header (RFC 8288)."""

from typing import Any
from urllib.parse import urlencode

from .exchange import Exchange
from .parameters import parse_query

Json = dict[str, Any]  # Any: JSON of any shape


def links_of_page(exchange: Exchange, pagination: Json) -> Json:
    """The links of a page or a slice, each with the filters that were asked for."""
    asked = [(name, value) for name, values in parse_query(exchange.scope["query_string"]).items() for value in values]
    kept = [pair for pair in asked if pair[0] not in ("page", "cursor")]

    def link(*place: tuple[str, str]) -> Json:
        return {"href": f"{exchange.path}?{urlencode([*kept, *place, ('links', 'true')])}", "method": "GET"}

    links = {"self": link(*(pair for pair in asked if pair not in kept))}
    if "page" in pagination:
        page, last = pagination["page"], max(pagination["pages"], 1)
        places = {"first": 1, "prev": min(page - 1, last) or None, "next": page + 1 if page < last else None, "last": last}
        return links | {name: link(("page", str(number))) for name, number in places.items() if number is not None}
    links["first"] = link(("cursor", ""))
    for name in ("prev", "next"):
        if (cursor := pagination[f"{name}Cursor"]) is not None:
            links[name] = link(("cursor", cursor))
    return links


def rendered_header(links: Json) -> bytes:
    """The `Link` header of a list."""
    return ", ".join(f'<{link["href"]}>; rel="{name}"' for name, link in links.items() if name != "actions").encode("latin-1")
