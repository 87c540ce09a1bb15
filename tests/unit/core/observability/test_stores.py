"""The log tells when a store is connected, lost and found again (R-212, R-336)."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mainspring.core.application import Application
from mainspring.core.observability import stores
from mainspring.core.observability.logs import captured_logs


class Store:
    """A database that can be unplugged."""

    dialect = "sqlite"

    def __init__(self) -> None:
        self.is_there = True
        self.asked = asyncio.Event()

    async def ping(self) -> None:
        self.asked.set()
        if not self.is_there:
            raise ConnectionError("unplugged")

    async def becomes(self, *, there: bool) -> None:
        self.is_there = there
        for _ in range(2):  # the second question comes after the first answer was noted
            self.asked.clear()
            await asyncio.wait_for(self.asked.wait(), 30)


async def test_each_change_of_a_store_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "EVERY", 0.001)
    store = Store()
    application: Any = SimpleNamespace(databases={"default": store})

    with captured_logs() as lines:
        watching = asyncio.create_task(stores.watch_stores(cast(Application, application)))
        await store.becomes(there=True)
        await store.becomes(there=False)
        await store.becomes(there=True)
        watching.cancel()
        await asyncio.wait([watching])

    told = [(line["message"], line["level"]) for line in lines if line.get("store") == "default"]
    assert told == [("store_connected", logging.INFO), ("store_lost", logging.ERROR), ("store_found_again", logging.INFO)]
