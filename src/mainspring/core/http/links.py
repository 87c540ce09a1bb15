"""`?links=true`: where an answer leads, and what its reader may do there (R-246, decision 29).

Links are found when the program is put together, from the paths of its routes, so a module of any origin has them. Whether an
action is shown is asked of the guards of its route. Where a guard leaves it to the service whose a thing is, the action is shown
only when that is known: by a permission, by `offered_if`, by the owners that modules name, or because nobody sees such things but
their owner.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from fastapi import Depends, Request
from pydantic.alias_generators import to_camel

from ..errors import Invalid, MainspringError, Unauthenticated
from ..observability.security_events import unrecorded
from ..security.guard import READING, SignedIn
from ..security.owners import Owners
from .dispatch import is_parameter
from .exchange import Exchange
from .page_links import links_of_page, rendered_header

if TYPE_CHECKING:
    from ..security.principal import Principal
    from .plan import Plan, Rendered

ASKED = b"links="
Json = dict[str, Any]  # Any: JSON of any shape
Offers = Callable[[Json, "Principal"], bool]
IsOwn = Callable[[], Awaitable[bool]]


class OfferedIf:
    """Says of a resource whether its reader may do what the route does, where the resource itself tells."""

    def __init__(self, offers: Offers) -> None:
        self.offers = offers

    async def __call__(self, request: Request) -> None:
        """Nothing: the service decides."""


def offered_if(offers: Offers) -> Any:  # Any: like Depends() itself
    """`@router.delete(..., dependencies=[offered_if(lambda team, caller: team["role"] == "owner")])`: when links show the route.

    The function gets the resource as it is answered, and who reads it.
    """
    return Depends(OfferedIf(offers))


@dataclass(frozen=True, slots=True)
class Door:
    """A route that an answer may lead to: its path goes on from that of the answer by `suffix`."""

    name: str
    method: str
    suffix: str
    plan: "Plan"


@dataclass(slots=True)
class Linking:
    """The links of one route that reads. `key` is the field of an item that its own path ends with; `style` is R-128's."""

    reader: "Plan"
    is_list: bool
    style: str
    actions: list[Door] = field(default_factory=list)
    collection: "Plan | None" = None
    item: "Linking | None" = None
    key: str = "id"

    async def added(self, exchange: Exchange, rendered: "Rendered") -> "Rendered":
        """The answer with its links, and for a list the `Link` header (RFC 8288)."""
        whole: Json = orjson.loads(rendered.content)
        told = whole["data"] if self.style == "envelope" or (self.style == "data" and not self.is_list) else whole
        principal = await _reader(exchange)
        if self.is_list:
            told["links"] = links = links_of_page(exchange, told["pagination"])
            rendered.headers.append((b"link", rendered_header(links)))
            if self.item is not None:
                for row in told["data"]:
                    if row.get(self.key) is not None:
                        row["links"] = await self.item.of(
                            exchange, principal, f"{exchange.path}/{row[self.key]}", row, in_list=True
                        )
            links["actions"] = await self._actions(exchange, principal, exchange.path, None, _nobodys)
        else:
            told["links"] = await self.of(exchange, principal, exchange.path, told)
        rendered.content = orjson.dumps(whole)
        length = (b"content-length", b"%d" % len(rendered.content))
        rendered.headers[:] = [length if name == b"content-length" else (name, value) for name, value in rendered.headers]
        return rendered

    async def of(
        self, exchange: Exchange, principal: "Principal | None", path: str, resource: Json, *, in_list: bool = False
    ) -> Json:
        """The links of one resource. In a list nothing is asked of the database."""

        known: bool | None = None

        async def is_own() -> bool:
            nonlocal known
            if known is None:
                nobody_else = any(isinstance(guard, SignedIn) and not guard.permissions for guard in self.reader.guards)
                known = nobody_else or (not in_list and await _is_owner(exchange, principal, path))
            return known

        links: Json = {"self": {"href": path, "method": "GET"}}
        above = path.rpartition("/")[0]
        if self.collection is not None and await self._offers(
            Door("", "GET", "", self.collection), exchange, principal, above, None, is_own
        ):
            links["collection"] = {"href": above, "method": "GET"}
        links["actions"] = await self._actions(exchange, principal, path, resource, is_own)
        return links

    async def _actions(
        self, exchange: Exchange, principal: "Principal | None", path: str, resource: Json | None, is_own: IsOwn
    ) -> list[Json]:
        return [
            {"name": door.name, "method": door.method, "href": path + door.suffix}
            for door in self.actions
            if await self._offers(door, exchange, principal, path + door.suffix, resource, is_own)
        ]

    async def _offers(
        self, door: Door, exchange: Exchange, principal: "Principal | None", path: str, resource: Json | None, is_own: IsOwn
    ) -> bool:
        """Whether to show it. A list has no resource: what tells of its route was answered when its reader was let in, or not."""
        asking = Exchange(exchange.application, {**exchange.scope, "method": door.method, "path": path})
        known = {guard.rule() for guard in self.reader.guards} if door.method in READING else set()
        for guard in door.plan.guards:
            try:
                with unrecorded():
                    guard.check(asking, principal)
            except MainspringError:
                return False
            if not isinstance(guard, SignedIn) or principal is None:
                continue
            if any(principal.may(permission) for permission in guard.permissions):
                continue
            if door.plan.offers:
                if not all(_tells(offers, resource, principal, self.reader) for offers in door.plan.offers):
                    return False
            elif guard.rule() not in known and not await is_own():
                return False
        return True


def take_from_query(exchange: Exchange) -> None:
    """Note whether links were asked for, and take that out of the query. Raises Invalid for anything but true or false."""
    query: bytes = exchange.scope["query_string"]
    parts = query.split(b"&")
    asked = [part.removeprefix(ASKED) for part in parts if part.startswith(ASKED)]
    if not asked:
        return
    if len(asked) > 1 or asked[0] not in (b"true", b"false"):
        raise Invalid(details=[{"field": "links", "message": "Links must be true or false", "code": "bool_parsing"}])
    exchange.scope["query_string"] = b"&".join(part for part in parts if not part.startswith(ASKED))
    exchange.wants_links = asked[0] == b"true"
    if exchange.wants_links:
        exchange.received.pop(b"if-none-match", None)  # what one may do can change while the resource does not


def connect_links(plans: "Sequence[tuple[str, str, Plan]]") -> None:
    """Give each route that reads its links."""
    by_path: dict[str, dict[str, Plan]] = {}
    for method, path, plan in plans:
        by_path.setdefault(_shape(path), {})[method] = plan
    for shape, methods in by_path.items():
        reader = methods.get("GET")
        if reader is not None and reader.links is not None:
            reader.links.actions = sorted(_actions_of(shape, by_path, reader.links.is_list), key=lambda door: door.name)
            above = shape.rpartition("/")[0]
            if shape.endswith("/{}") and (collection := by_path.get(above, {}).get("GET")) is not None:
                reader.links.collection = collection
                if collection.links is not None and collection.links.is_list:
                    name = reader.path.rpartition("/")[2].strip("{}").partition(":")[0]
                    collection.links.item, collection.links.key = reader.links, to_camel(name)


def _actions_of(shape: str, by_path: "dict[str, dict[str, Plan]]", is_list: bool) -> list[Door]:
    found = [Door(plan.name, method, "", plan) for method, plan in by_path[shape].items() if method not in READING]
    if not is_list:
        for path, methods in by_path.items():
            above, _, last = path.rpartition("/")
            if above == shape and last != "{}":
                found += [Door(plan.name, method, f"/{last}", plan) for method, plan in methods.items()]
    return found


def _shape(path: str) -> str:
    return "/".join("{}" if is_parameter(segment) else segment for segment in path.split("/"))


async def _reader(exchange: Exchange) -> "Principal | None":
    try:
        return await exchange.caller()
    except Unauthenticated:
        return None  # the route lets everybody in, so a bad credential is nobody's


async def _is_owner(exchange: Exchange, principal: "Principal | None", path: str) -> bool:
    """Whether a module says that the thing at the path is the caller's own."""
    owners = exchange.application.resolve(Owners)
    _, collection, name = path.rsplit("/", 2)
    kind = collection.replace("-", "_").removesuffix("s")
    if principal is None or kind not in owners.kinds:
        return False
    try:
        id = UUID(name)
    except ValueError:
        return False
    async with exchange.application.reading(exchange) as uow:
        return await owners.of(uow, kind, id) == principal.id


def _tells(offers: Offers, resource: Json | None, principal: "Principal", reader: "Plan") -> bool:
    return offers in reader.offers if resource is None else offers(resource, principal)


async def _nobodys() -> bool:
    return False
