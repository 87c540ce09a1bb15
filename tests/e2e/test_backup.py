"""A backup taken while two processes serve writes, restored after everything was lost; and one that is killed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from mainspring.core.application import create_application
from mainspring.core.backup import postgresql
from mainspring.core.database.sqlite.connecting import path_of
from mainspring.modules.credits.service import CreditService, LedgerService
from mainspring.testing.client import PASSWORD
from mainspring.testing.databases import environment_of_tests
from mainspring.testing.servers import KEPT

MAINSPRING = Path(sys.executable).with_name("mainspring")
ISSUER = {"JWT_ISSUER": "https://shop.example"}  # else it is the port, which changes
USERS, FIRST_BALANCE, CONNECTIONS = 6, 1000, 8


@pytest.fixture
def command(database_url, tmp_path):
    """Starts a command on the installation of the server."""
    given = {name: os.environ[name] for name in KEPT if name in os.environ}
    given |= environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}

    def start(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(MAINSPRING), *arguments], env=given, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


@pytest.fixture
def run(command):
    def finished(*arguments: str) -> str:
        process = command(*arguments)
        said, errors = process.communicate(timeout=90)
        assert process.returncode == 0, errors
        return said

    return finished


class Shop:
    """People who send each other credits for as long as they are let; every transfer that was acknowledged is noted."""

    def __init__(self, client) -> None:
        self.client, self.people, self.acknowledged = client, [], []

    async def open(self, settings) -> None:
        for number in range(USERS):
            who = {"email": f"user{number}@example.com", "password": PASSWORD, "name": "Ada Lovelace"}
            user = (await self.client.post("/api/v1/auth/register", json=who)).raise_for_status().json()
            del who["name"]
            signed_in = (await self.client.post("/api/v1/auth/login", json=who)).raise_for_status().json()
            self.people.append((user["id"], {"Authorization": f"Bearer {signed_in['accessToken']}"}))
        async with started(settings) as application, application.unit() as uow:
            for id, _ in self.people:
                await CreditService(uow).deposit(UUID(id), FIRST_BALANCE)

    async def send(self, chance: random.Random) -> None:
        (_, headers), (receiver, _) = chance.sample(self.people, 2)
        answer = await self.client.post("/api/v1/credits/transfers", json={"toUserId": receiver, "amount": 1}, headers=headers)
        assert answer.status_code in (201, 409), answer.text
        if answer.status_code == 201:
            self.acknowledged.append(answer.json()["id"])

    async def trade(self, until: asyncio.Event) -> None:
        async def connection(number: int) -> None:
            chance = random.Random(number)
            while not until.is_set():
                await self.send(chance)

        await asyncio.gather(*(connection(number) for number in range(CONNECTIONS)))


@asynccontextmanager
async def started(settings):
    """The application beside the server."""
    application = create_application(settings)
    await application.start()
    try:
        yield application
    finally:
        await application.stop()


async def test_a_backup_under_load_brings_back_everything_that_was_acknowledged_before(
    server, settings, database_url, command, run, tmp_path
):
    running = server(workers=2, env=ISSUER)
    async with running.client(timeout_seconds=60) as client:
        shop = Shop(client)
        await shop.open(settings)
        enough = asyncio.Event()
        trading = asyncio.ensure_future(shop.trade(enough))
        while len(shop.acknowledged) < 50:
            await asyncio.sleep(0.02)
        before = list(shop.acknowledged)
        backup = command("backup", "kept")
        while backup.poll() is None:
            await asyncio.sleep(0.02)
        meanwhile = len(shop.acknowledged) - len(before)
        enough.set()
        await trading
    _, errors = backup.communicate()
    assert backup.returncode == 0, errors
    assert running.stop() == 0
    await wipe(database_url)

    run("restore", "kept")

    assert meanwhile > 10
    assert "main: whole" in run("audit", "verify")
    async with started(settings) as application:
        assert [each async for each in LedgerService(application.reading).violations()] == []
    again = server(workers=1, env=ISSUER)
    async with again.client(timeout_seconds=60) as client:
        held = [(await client.get("/api/v1/credits", headers=headers)).raise_for_status().json() for _, headers in shop.people]
    assert sum(one["balance"] for one in held) == USERS * FIRST_BALANCE
    assert await transfers_of(settings) >= {UUID(id) for id in before}


async def transfers_of(settings) -> set[UUID]:
    """Every transfer in the database."""
    async with started(settings) as application, application.reading() as uow:
        service = CreditService(uow)
        sums = await service.ledger.transfer_sums(UUID(int=0), 1_000_000)
    return {one.id for one in sums}


@pytest.mark.slow  # large enough to be killed in the middle
@pytest.mark.parametrize("moment", ["copying", "writing"])
def test_a_killed_backup_leaves_nothing_under_its_name(command, run, tmp_path, moment):
    (tmp_path / "data" / "files").mkdir(mode=0o700, parents=True)
    (tmp_path / "data" / "files" / "large").write_bytes(random.Random(1).randbytes(24 * 1024 * 1024))
    waited = ".backup-*" if moment == "copying" else ".kept.*.part"

    backup = command("backup", "kept")
    while not any(tmp_path.glob(waited)) and backup.poll() is None:
        time.sleep(0.002)
    backup.send_signal(signal.SIGKILL)
    backup.communicate()

    assert backup.returncode == -signal.SIGKILL
    assert not (tmp_path / "kept").exists()
    assert "1 databases with" in run("backup", "kept")


async def wipe(url: str) -> None:
    if url.startswith("sqlite:"):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path_of(url)}{suffix}").unlink(missing_ok=True)
        return

    async with postgresql._connected(url) as connection:
        for (name,) in await connection.fetch(postgresql.TABLES):
            await connection.execute(f'DROP TABLE "{name}" CASCADE')
