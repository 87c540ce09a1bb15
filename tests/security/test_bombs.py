"""Bodies that are meant to hurt get a clear refusal, quickly, without memory and without an echo (R-118, R-119, D-50)."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import psutil
import pytest

from mainspring.testing.servers import RunningServer
from tests.security.bomb_target import target
from tests.security.bombs import BOMBS, JSON, SECRET, Bomb

SECONDS = 10.0  # each takes under 0.2 s on a calm machine; the bound is for a busy one
MEMORY = 50 * 1024 * 1024


def check(bomb: Bomb, status: int, body: str) -> None:
    assert status in bomb.statuses, body[:500]
    assert SECRET not in body
    assert len(body) < 2000


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
async def test_a_bomb_is_refused(bomb: Bomb) -> None:
    async def body() -> AsyncIterator[bytes]:
        for piece in bomb.body():
            yield piece

    headers = {} if bomb.content_type is None else {"content-type": bomb.content_type}
    headers |= {"content-length": str(bomb.length)} if bomb.announced else {}
    transport = httpx2.ASGITransport(app=target(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        begun = time.perf_counter()
        answer = await client.post("/api/v1" + bomb.path, content=body(), headers=headers)
        taken = time.perf_counter() - begun

    check(bomb, answer.status_code, answer.text)
    assert taken < SECONDS


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/echo/a%00b", 400),
        ("/echo/a?q=%00", 400),
        ("/echo/a?q=%ff", 400),
        ("/echo/a?q=%ed%a0%80", 400),
        ("/echo/a?" + "q=1&" * 15_000, 422),  # a single value, given more than once
        ("/echo/a?" + "".join(f"n{number}=1&" for number in range(8_000)), 200),
    ],
)
async def test_a_hostile_address_is_refused(path: str, status: int) -> None:
    transport = httpx2.ASGITransport(app=target(), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/api/v1" + path)).status_code == status


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[tuple[psutil.Process, int]]":
    """A real server process with the target, and its port."""
    folder = tmp_path_factory.mktemp("bombs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = ["-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--factory"]
    log = (folder / "log").open("wb")
    started = subprocess.Popen(
        [sys.executable, *program, "tests.security.bomb_target:target"], cwd=Path.cwd(), stdout=log, stderr=log
    )
    try:
        _wait(port)
        yield psutil.Process(started.pid), port
    finally:
        started.terminate()
        started.wait(20)
        log.close()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


def throw(bomb: Bomb, port: int) -> tuple[int, str]:
    """Send the bomb as a client that stops when it is answered early."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("POST", "/api/v1" + bomb.path)
    if bomb.content_type is not None:
        connection.putheader("content-type", bomb.content_type)
    connection.putheader(*(("content-length", str(bomb.length)) if bomb.announced else ("transfer-encoding", "chunked")))
    connection.endheaders()
    try:
        for piece in bomb.body():
            connection.send(piece if bomb.announced else b"%x\r\n%b\r\n" % (len(piece), piece))
        if not bomb.announced:
            connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all was sent; the answer is waiting
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def memory_of(process: psutil.Process) -> int:
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])


def test_a_real_server_withstands_every_bomb(process: tuple[psutil.Process, int]) -> None:
    server, port = process
    throw(next(bomb for bomb in BOMBS if bomb.name == "NaN"), port)
    before = memory_of(server)

    for bomb in BOMBS:
        begun = time.perf_counter()
        status, body = throw(bomb, port)
        taken = time.perf_counter() - begun

        check(bomb, status, body)
        assert taken < SECONDS, bomb.name
        assert memory_of(server) - before <= MEMORY, bomb.name


def test_the_whole_product_withstands_every_bomb(server: Callable[..., RunningServer]) -> None:
    running = server()
    port = int(running.url.rpartition(":")[2])
    bombs = [replace(bomb, path="/auth/register", statuses=(400, 413, 415, 422)) for bomb in BOMBS]
    throw(bombs[-1], port)
    supervisor = running.processes[0]
    before = memory_of(supervisor)

    for bomb in bombs:
        begun = time.perf_counter()
        status, body = throw(bomb, port)
        taken = time.perf_counter() - begun

        check(bomb, status, body)
        assert taken < SECONDS, bomb.name
        assert memory_of(supervisor) - before <= MEMORY, bomb.name
    assert "Traceback" not in running.log


async def test_a_slow_client_does_not_hold_the_others_up(process: tuple[psutil.Process, int]) -> None:
    _, port = process
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
    for _, writer in slow:
        writer.write(
            b"POST /api/v1/accounts HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
        )
        await writer.drain()

    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post("/api/v1/accounts", content=b'{"email":"a","password":"b"}', headers={"content-type": JSON})

    assert answer.status_code == 204
    for _, writer in slow:
        writer.close()
