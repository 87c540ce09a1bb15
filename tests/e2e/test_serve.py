"""`mainspring serve` as people run it: first start, a killed worker, SIGTERM under load (R-316, R-336)."""

import asyncio
import json
import os
import socket
import stat
import subprocess
import time
from pathlib import Path

import httpx2
import psutil
import pytest

from mainspring.testing.servers import start_server

from .conftest import Load

pytestmark = pytest.mark.anyio
MOST_PSS = 110 * 1024 * 1024


def read(path: str, token: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{token}\r\n".encode()


def messages(log: str) -> list[str]:
    return [json.loads(line)["message"] for line in log.splitlines() if line.startswith("{")]


def workers_of(running) -> list[psutil.Process]:
    return psutil.Process(running.process.pid).children()


def test_a_first_start_makes_everything_and_a_second_finds_it(tmp_path):  # R-087, ARCHITECTURE 7
    bare = {
        "APP_ENV": "development",
        "DATABASE_URL": "",
        "SESSION_SECRET": "",
        "ENCRYPTION_KEY": "",
        "JWT_PRIVATE_KEY": "",
        "JWT_PUBLIC_KEY": "",
    }
    kept = tmp_path / "data" / "keys"

    with start_server("", tmp_path, env=bare) as first:
        assert httpx2.get(f"{first.url}/health").json()["checks"] == {"database": "ok"}
        assert first.stop() == 0
    made = {file.name: file.read_bytes() for file in kept.iterdir()}
    with start_server("", tmp_path, env=bare) as second:
        assert second.stop() == 0

    assert {"session_secret", "encryption_key"} <= made.keys()
    assert not [name for name in made if name.endswith(".pem")]  # those are sealed in the database
    assert {file.name: file.read_bytes() for file in kept.iterdir()} == made
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in kept.iterdir())
    assert "migrated" in messages(first.log)
    assert "migrated" not in messages(second.log)
    assert {"started", "store_connected", "stopping", "stopped"} <= set(messages(second.log))


def test_no_banner_and_little_memory(server):  # R-332, ARCHITECTURE 10 e
    running = server(workers=2)

    answer = httpx2.get(f"{running.url}/live")

    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    assert all(process.memory_full_info().pss < MOST_PSS for process in running.processes)


def test_a_killed_worker_is_replaced_and_the_other_serves_on(server):
    running = server(workers=2)
    victim, survivor = workers_of(running)

    victim.kill()
    victim.wait(5)
    answers = [httpx2.get(f"{running.url}/ready", timeout=10).status_code for _ in range(20)]

    assert answers == [200] * 20
    now = {worker.pid for worker in workers_of(running)}
    assert survivor.pid in now
    assert victim.pid not in now
    assert len(now) == 2
    assert "worker_died" in messages(running.log)


def test_the_only_worker_is_replaced_and_clients_just_wait(server):
    running = server(workers=1)

    workers_of(running)[0].kill()

    assert httpx2.get(f"{running.url}/ready", timeout=10).status_code == 200


def test_workers_end_when_their_supervisor_is_killed(server):
    running = server(workers=2)
    workers = workers_of(running)

    running.process.kill()

    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("per_connection", [1, 1000], ids=["new connections", "kept connections"])
async def test_sigterm_under_load_loses_no_request(server, administrator, workers, per_connection):
    running = server(workers=workers)
    headers = await administrator(running.url)
    token = f"Authorization: {headers['Authorization']}\r\n"
    load = Load(running.url, lambda number: read("/api/v1/products?limit=5" if number % 3 else "/health", token))

    sending = asyncio.create_task(load.run(clients=30, per_connection=per_connection, seconds=20))
    await asyncio.sleep(1.5)
    before = load.counts["answered"]
    started = time.monotonic()
    code = await asyncio.to_thread(running.stop)
    taken = time.monotonic() - started
    await sending

    assert code == 0, running.log[-3000:]
    assert taken < 30  # the drain time
    assert load.lost == []
    assert load.counts["answered"] > before > 100
    assert load.statuses == {200: load.counts["answered"]}


async def test_a_request_that_takes_longer_than_allowed_forces_the_exit(server):
    running = server(env={"DRAIN_TIMEOUT": "1s"})
    reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
    writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
    await asyncio.sleep(0.3)

    started = time.monotonic()
    code = await asyncio.to_thread(running.stop)

    assert code == 1
    assert 1 <= time.monotonic() - started < 20
    assert "forced_exit" in messages(running.log)
    writer.close()
    del reader


def test_a_database_that_cannot_be_reached_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = _serve(tmp_path, DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/none")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"PostgreSQL at 127.0.0.1:{port} cannot be reached: ")


def test_everything_wrong_with_the_settings_is_told_at_once(tmp_path):
    done = _serve(tmp_path, APP_ENV="production", PORT="70000", ALLOWED_ORIGINS="*")

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 5
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _serve(tmp_path, PORT=str(port))

    assert (done.returncode, done.stderr) == (1, f"Cannot listen on 127.0.0.1:{port}: the port is taken.\n")


def test_serve_starts_again_when_a_file_changes(tmp_path):
    (tmp_path / "extra.py").write_text("ONE = 1\n")
    with start_server("", tmp_path, env={"DATABASE_URL": ""}, options=("--reload",)) as running:
        (tmp_path / "extra.py").write_text("ONE = 2\n")
        deadline = time.monotonic() + 30
        while running.log.count('"started"') < 2 and time.monotonic() < deadline:
            time.sleep(0.1)

        assert running.log.count('"started"') == 2
        assert running.stop() == 0


def _serve(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **environment}
    return subprocess.run(["mainspring", "serve"], env=env, cwd=folder, capture_output=True, text=True, timeout=60)
