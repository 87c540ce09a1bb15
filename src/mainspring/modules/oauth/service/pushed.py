"""Authorization requests that clients send ahead, so that no browser sees or changes them (PAR, RFC 9126)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from mainspring.core import clock
from mainspring.core.database import UnitOfWork

from ..errors import BadAuthorization
from ..proofs import hash_of, new_code
from ..repository import PushedRepository
from ..rows import ClientRow, PushedRow
from .clients import ClientService

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFE = timedelta(seconds=90)  # until the browser comes
PATIENCE = timedelta(minutes=10)  # from then on, for signing in and deciding
GONE = "This request is unknown, used, or too old."


class PushedService:
    """A pushed request belongs to the first browser that comes with its address, and gives one code."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.pushed = PushedRepository(uow)

    async def keep(self, client: ClientRow, parameters: Mapping[str, str]) -> str:
        """The address of a request that was checked. It is stored as a hash: hand it over now."""
        secret, now = new_code(), clock.now()
        await self.pushed.add(hash_of(secret), client.id, parameters, now, now + LIFE)
        return PREFIX + secret

    async def opened(self, client_id: str, request_uri: str, browser: str) -> PushedRow | None:
        """The request that this browser opened before and has not finished."""
        client = await ClientService(self.uow).named(client_id)
        return await self.pushed.opened(_hash(request_uri), client.id, hash_of(browser), clock.now()) if client else None

    async def open(self, client_id: str, request_uri: str, browser: str) -> PushedRow:
        """Give the request to the browser. Raises BadAuthorization."""
        client, now = await ClientService(self.uow).named(client_id), clock.now()
        if client is None:
            raise BadAuthorization()
        found = await self.pushed.open(_hash(request_uri), client.id, hash_of(browser), now, now + PATIENCE)
        if found is None:
            raise BadAuthorization(GONE)
        return found

    async def finish(self, pushed: PushedRow) -> None:
        """Use it up. Raises BadAuthorization for all but the first."""
        if not await self.pushed.claim(pushed.id, clock.now()):
            raise BadAuthorization(GONE)

    async def prune(self, before: datetime) -> int:
        """Remove those that ended before then; how many there were."""
        return await self.pushed.prune(before)


def is_pushed(sent: Mapping[str, str]) -> bool:
    """Whether the request names one that was pushed here."""
    return sent.get("request_uri", "").startswith(PREFIX)


def _hash(request_uri: str) -> str:
    return hash_of(request_uri.removeprefix(PREFIX))
