"""One window of load: wrk with one thread and 32 connections, and what the processes used meanwhile."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

REQUESTS = Path(__file__).with_name("requests.lua")
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Window:
    """What one window gave. Latencies in milliseconds, CPU in microseconds per answered request."""

    answered: int
    failed: int
    per_second: float
    p50: float
    p95: float
    p99: float
    server_cpu: float
    database_cpu: float
    client_cpu: float
    others_share: float


def find_wrk() -> str:
    """Where wrk lies. Raises SystemExit with a plain sentence when it is missing."""
    found = shutil.which("wrk")
    if not found:
        raise SystemExit("The benchmark needs wrk and did not find it. Install it, for example with `apt-get install wrk`.")
    return found


def run_window(url: str, deed: str, tokens: Path, seconds: float, server: int, *, database: str, prefix: str = "bench") -> Window:
    """Load `url` with `deed` ("list" or "create") for so many seconds; `server` is the process id of the server."""
    name = database.rpartition("/")[2]
    wrk = [find_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(REQUESTS), url]
    before, machine = Used.now(server, name), psutil.cpu_times()
    process = subprocess.Popen(
        [*wrk, "--", str(tokens), deed, prefix], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    after, machine_after = Used.now(server, name), psutil.cpu_times()
    result = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
    if process.returncode or result is None:
        raise RuntimeError(f"wrk did not finish: {output.strip()}")
    requests, duration, refused, *broken, p50, p95, p99, _ = map(int, result.split()[1:])
    failed, answered = refused + sum(broken), requests - refused
    client = usage.ru_utime + usage.ru_stime
    ours = (after.server - before.server) + (after.database - before.database) + client
    busy = busy_seconds(machine_after) - busy_seconds(machine)
    each = 1e6 / max(requests, 1)
    return Window(
        answered=answered,
        failed=failed,
        per_second=answered / (duration / 1e6),
        p50=p50 / 1000,
        p95=p95 / 1000,
        p99=p99 / 1000,
        server_cpu=(after.server - before.server) * each,
        database_cpu=(after.database - before.database) * each,
        client_cpu=client * each,
        others_share=max(0.0, busy - ours) / (duration / 1e6 * (psutil.cpu_count() or 1)),
    )


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of CPU since the start."""

    server: float
    database: float

    @classmethod
    def now(cls, server: int, database: str) -> "Used":
        """What the server's processes have used, and PostgreSQL's that serve this database."""
        return cls(used_by(family(server)), used_by(postgres_processes(database)))


def family(pid: int) -> list[psutil.Process]:
    """The process and everything below it."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def postgres_processes(database: str) -> list[psutil.Process]:
    """PostgreSQL's processes that serve this database; their titles name it."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if (title := " ".join(process.info["cmdline"] or ())).startswith("postgres:") and f" {database} " in title
    ]


def used_by(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def busy_seconds(times: "psutil._pslinux.scputimes") -> float:
    """Seconds in which the machine's cores worked, for anybody (on a virtual machine also for its neighbours)."""
    idle = times.idle + getattr(times, "iowait", 0.0)
    return float(sum(times)) - idle - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
