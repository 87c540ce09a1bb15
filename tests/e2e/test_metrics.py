"""The figures of several real processes, through a kill (R-195)."""

import re
import time

import httpx2
import psutil


def counted(url: str) -> int:
    """Answered requests to `/live`, in the whole installation."""
    text = httpx2.get(f"{url}/metrics").raise_for_status().text
    found = re.search(r'^http_requests_total\{method="GET",route="/live",status="200"\} (\S+)$', text, re.M)
    return int(float(found[1])) if found else 0


def processes(url: str) -> int:
    found = re.search(r"^mainspring_processes (\S+)$", httpx2.get(f"{url}/metrics").text, re.M)
    return int(float(found[1])) if found else 0


def test_two_workers_count_together_and_a_killed_one_takes_nothing_along(server):
    running = server(workers=2)
    for _ in range(60):  # new connections, so that both workers get some
        httpx2.get(f"{running.url}/live").raise_for_status()

    assert counted(running.url) == 60
    for victim in psutil.Process(running.process.pid).children():
        victim.kill()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and processes_or_none(running.url) != 2:
        time.sleep(0.1)

    assert processes(running.url) == 2
    assert counted(running.url) == 60


def test_a_new_start_counts_from_zero(server):
    first = server()
    httpx2.get(f"{first.url}/live")
    assert first.stop() == 0

    second = server()

    assert counted(second.url) == 0


def processes_or_none(url: str) -> int | None:
    try:
        return processes(url)
    except httpx2.TransportError:
        return None
