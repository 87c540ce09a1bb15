"""`mainspring cache`: another process lets go of what this one keeps, with and without Redis."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.application import Application
from mainspring.core.cache import Cache
from tests.integration.adapters.redis_servers import OwnRedis
from tests.integration.core.cache.conftest import environment, own_server, store
from tests.integration.modules.command_line import Command, command, live_in

__all__ = ["environment", "own_server", "store"]


@pytest.fixture
def run(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, environment: dict[str, str]
) -> Command:
    live_in(tmp_path, application.settings.database_url, monkeypatch)
    monkeypatch.setenv("DATA_DIR", str(application.settings.data_dir))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return command("cache", capsys)


async def test_answers_are_let_go_of_by_tag_key_and_pattern(application: Application, store: str, run: Command) -> None:
    cache = application.resolve(Cache)
    for key in ("a:1", "a:2", "b:1", "c:1", "d:1"):
        await cache.set(key, key, tags=(f"tag {key}",))
    await asyncio.sleep(0.5)
    for key in ("a:1", "a:2", "b:1", "c:1", "d:1"):
        await cache.set(key, key, tags=(f"tag {key}",))

    said = await run("clear", "--tag", "tag b:1", "--key", "c:1", "--pattern", "a:*")
    await asyncio.sleep(0.6)

    assert (said.returncode, said.stdout) == (0, "Let go of.\n"), said.stderr
    left = [key for key in ("a:1", "a:2", "b:1", "c:1", "d:1") if await cache.get(key, str, tags=(f"tag {key}",))]
    assert left == ["d:1"]
    assert (await run("clear", "--all")).returncode == 0
    await asyncio.sleep(0.6)
    assert await cache.get("d:1", str, tags=("tag d:1",)) is None


async def test_it_asks_what_to_let_go_of(run: Command) -> None:
    said = await run("clear")

    assert said.returncode == 2
    assert "--pattern" in said.stderr


@pytest.mark.parametrize("store", ["redis"])
async def test_it_says_when_nobody_can_be_told(application: Application, store: str, own_server: OwnRedis, run: Command) -> None:
    own_server.kill()

    said = await run("clear", "--all")

    assert said.returncode == 1
    assert "Nobody could be told" in said.stderr


async def test_figures_are_shown_by_name(application: Application, run: Command) -> None:
    cache, name = application.resolve(Cache), f"shown-{secrets.token_hex(4)}"

    async def load() -> int:
        return 1

    for _ in range(4):
        await cache.load("key", load, of=int, name=name)
    said = await run("stats")

    assert said.returncode == 0, said.stderr
    (line,) = [line for line in said.stdout.splitlines() if line.startswith(name)]
    assert line.split()[1:6] == ["3", "1", "1", "0", "75.0%"]
