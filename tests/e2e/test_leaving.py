"""SIGTERM in three steps: not ready, served on for DRAIN_DELAY, drained; and what a service manager is told (R-317, R-321)."""

import socket
import time
from pathlib import Path

import httpx2
import pytest

from .test_serve import messages


def test_balancers_get_time_to_turn_away(server):
    running = server(workers=2, env={"DRAIN_DELAY": "6s"})

    with httpx2.Client(base_url=running.url, headers={"Connection": "close"}, timeout=30) as balancer:
        assert balancer.get("/ready").status_code == 200
        began = time.monotonic()
        running.process.terminate()
        while balancer.get("/ready").status_code == 200:
            assert time.monotonic() - began < 5
        served = [balancer.get(path).status_code for path in ("/ready", "/live", "/api/v1/products")]
        answered_after = time.monotonic() - began
    code = running.stop()

    assert served == [503, 200, 401]
    assert answered_after < 6, "this machine is too slow to tell"
    assert code == 0
    assert 6 <= time.monotonic() - began < 30
    assert "forced_exit" not in messages(running.log)


def test_the_time_to_turn_away_is_not_taken_from_that_to_drain(server):
    running = server(env={"DRAIN_DELAY": "2s", "DRAIN_TIMEOUT": "1s"})

    began = time.monotonic()
    code = running.stop()

    assert code == 0
    assert time.monotonic() - began > 2


@pytest.mark.parametrize("is_abstract", [False, True], ids=["file", "abstract"])
def test_a_service_manager_hears_when_requests_are_answered(server, tmp_path: Path, is_abstract: bool):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(f"\0mainspring-{tmp_path.name}-{time.monotonic_ns()}" if is_abstract else str(tmp_path / "notify"))
        ear.settimeout(30)
        name = ear.getsockname()
        address = "@" + name[1:].decode() if is_abstract else name

        running = server(env={"NOTIFY_SOCKET": address})

        assert ear.recv(100) == b"READY=1"
        assert running.stop() == 0
