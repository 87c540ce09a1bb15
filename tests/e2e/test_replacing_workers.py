"""Workers that grow old are replaced, and SIGHUP brings new settings, while requests go on as if nothing were (R-317)."""

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import httpx2
import psutil
import pytest

from .conftest import Load
from .test_serve import messages, read, workers_of

pytestmark = pytest.mark.anyio


async def until(holds, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


def refused_login(url: str) -> int:
    return httpx2.post(f"{url}/api/v1/auth/login", json={}, timeout=30).status_code


@pytest.mark.parametrize("per_connection", [1, 1000], ids=["new connections", "kept connections"])
async def test_workers_that_have_served_enough_are_replaced_under_load(server, administrator, per_connection):
    running = server(workers=2, env={"WORKER_MAX_REQUESTS": "400"})
    before = {worker.pid for worker in workers_of(running)}
    headers = await administrator(running.url)
    token = f"Authorization: {headers['Authorization']}\r\n"
    load = Load(running.url, lambda number: read("/api/v1/products?limit=5" if number % 3 else "/ready", token))

    sending = asyncio.create_task(load.run(clients=10, per_connection=per_connection, seconds=60))
    await until(lambda: messages(running.log).count("worker_replaced") >= 3, "three replacements")
    load.is_over = True
    await sending
    answered = load.counts["answered"]

    assert load.lost == []
    assert load.counts["refused"] == 0
    assert load.statuses == {200: answered}
    assert answered > 800
    assert not before & {worker.pid for worker in workers_of(running)}
    assert running.stop() == 0, running.log[-5000:]
    assert not {"worker_died", "forced_exit"} & set(messages(running.log))


@pytest.mark.parametrize("limit", [{"WORKER_MAX_AGE": "2s"}, {"WORKER_MAX_MEMORY": "1048576"}], ids=["age", "memory"])
async def test_workers_are_replaced_by_age_and_by_memory(server, limit):
    running = server(env=limit)
    (first,) = workers_of(running)

    await until(lambda: messages(running.log).count("worker_replaced") >= 2, "two replacements")

    assert not first.is_running() or first.status() == psutil.STATUS_ZOMBIE
    assert httpx2.get(f"{running.url}/ready", timeout=10).status_code == 200
    assert running.stop() == 0, running.log[-5000:]


async def test_a_reload_brings_new_settings_and_loses_no_request(server, administrator, tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(60)
        running = server(workers=None, env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        headers = await administrator(running.url)
        token = f"Authorization: {headers['Authorization']}\r\n"
        load = Load(running.url, lambda number: read("/api/v1/products?limit=5", token))
        supervisor = running.process.pid
        assert (len(workers_of(running)), refused_login(running.url)) == (1, 422)

        sending = asyncio.create_task(load.run(clients=10, per_connection=50, seconds=120))
        for number, text in enumerate(("WORKERS=3\nVALIDATION_STATUS=400\n", "WORKERS=2\nVALIDATION_STATUS=422\n"), start=1):
            (tmp_path / ".env").write_text(text)
            os.kill(supervisor, signal.SIGHUP)
            await until(lambda number=number: messages(running.log).count("reloaded") == number, "reloaded")
            assert refused_login(running.url) == (400 if number == 1 else 422)
        await until(lambda: len(workers_of(running)) == 2, "two of three workers are left")
        load.is_over = True
        await sending
        heard = [ear.recv(100).partition(b"\n")[0] for _ in range(5)]

    assert load.lost == []
    assert load.statuses == {200: load.counts["answered"]}
    assert running.process.pid == supervisor
    assert heard == [b"READY=1", b"RELOADING=1", b"READY=1", b"RELOADING=1", b"READY=1"]
    assert running.stop() == 0, running.log[-5000:]
    assert not {"worker_died", "forced_exit"} & set(messages(running.log))


async def test_a_reload_that_cannot_start_changes_nothing(server, tmp_path: Path):
    running = server()
    before = [worker.pid for worker in workers_of(running)]

    (tmp_path / ".env").write_text("VALIDATION_STATUS=999\n")
    os.kill(running.process.pid, signal.SIGHUP)
    await until(lambda: "reload_refused" in messages(running.log), "refused")

    assert "VALIDATION_STATUS" in running.log
    assert [worker.pid for worker in workers_of(running)] == before
    assert httpx2.get(f"{running.url}/ready").status_code == 200
    assert running.stop() == 0, running.log[-5000:]
