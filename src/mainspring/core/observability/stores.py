"""Tells when a store is connected, lost and found again (R-336)."""

import asyncio
from typing import TYPE_CHECKING

from .logs import get_logger

if TYPE_CHECKING:
    from ..application import Application

LOG = get_logger(__name__)
EVERY = 5.0
DEADLINE = 2.0


async def is_reachable(application: "Application", name: str) -> bool:
    """Whether the database of that name answers a real statement within two seconds."""
    try:
        async with asyncio.timeout(DEADLINE):
            await application.databases[name].ping()
    except Exception:  # whatever it is, the store does not answer
        return False
    return True


async def watch_stores(application: "Application") -> None:
    """Look after every database each few seconds, and log what changes. Runs until it is cancelled."""
    known = dict.fromkeys(application.databases, True)
    for name, database in application.databases.items():
        LOG.info("store_connected", store=name, kind=database.dialect)
    while True:
        await asyncio.sleep(EVERY)
        for name, was_there in known.items():
            known[name] = await is_reachable(application, name)
            if known[name] is not was_there:
                (LOG.info if known[name] else LOG.error)("store_found_again" if known[name] else "store_lost", store=name)
