"""While bombs are thrown, everybody else is served as before (R-118, R-185)."""

import asyncio
import time
from dataclasses import replace

import httpx2
import psutil

from tests.security.bombs import BOMBS
from tests.security.test_bombs import MEMORY, check, memory_of, throw

SECONDS = 2.0
P99_SECONDS = 0.2
ROUNDS = 3


async def test_bombs_are_refused_in_time_and_nobody_else_waits(server) -> None:
    running = server(env={"RATE_LIMITS": "off"})
    port = int(running.url.rpartition(":")[2])
    bombs = [replace(bomb, path="/auth/register", statuses=(400, 413, 415, 422)) for bomb in BOMBS]
    assert len(bombs) >= 25
    taken: list[float] = []
    over = asyncio.Event()

    async def somebody_else() -> None:
        async with httpx2.AsyncClient(base_url=running.url, timeout=30) as client:
            while not over.is_set():
                begun = time.perf_counter()
                assert (await client.get("/oauth/device")).status_code == 200
                taken.append(time.perf_counter() - begun)
                await asyncio.sleep(0.005)

    others = [asyncio.create_task(somebody_else()) for _ in range(2)]
    await asyncio.sleep(1)
    supervisor = psutil.Process(running.process.pid)
    before, slowest, most = memory_of(supervisor), ("", 0.0), 0
    for bomb in bombs * ROUNDS:
        begun = time.perf_counter()
        status, body = await asyncio.to_thread(throw, bomb, port)
        seconds = time.perf_counter() - begun
        check(bomb, status, body)
        slowest = max(slowest, (bomb.name, seconds), key=lambda found: found[1])
        most = max(most, memory_of(supervisor) - before)
    over.set()
    await asyncio.gather(*others)

    p99 = sorted(taken)[len(taken) * 99 // 100]
    print(f"{len(bombs)} bombs, slowest {slowest[0]} {slowest[1]:.2f} s, memory +{most / 2**20:.0f} MiB, p99 {p99 * 1000:.0f} ms")
    assert slowest[1] <= SECONDS, slowest
    assert most <= MEMORY
    assert p99 < P99_SECONDS
    assert "Traceback" not in running.log
