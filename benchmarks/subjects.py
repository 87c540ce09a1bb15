"""Starting and stopping what is measured: the ceiling and Mainspring, each as a user would start it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from .load import family

Subject = Literal["ceiling", "mainspring"]
BIN = Path(sys.executable).parent
CONNECTIONS_OF_ALL = 32  # PostgreSQL connections over all processes; equal for both subjects
GRANIAN = ("--interface", "asgi", "--no-ws", "--http", "1", "--loop", "uvloop", "--runtime-mode", "st", "--backlog", "1024")


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `cold_start` is the time in seconds from its start to its first answer."""

    subject: Subject
    pid: int
    url: str
    cold_start: float

    def memory(self) -> list[float]:
        """PSS of each process of the server in MiB, the largest first."""
        sizes = []
        for process in family(self.pid):
            try:
                sizes.append(process.memory_full_info().pss / 2**20)
            except psutil.NoSuchProcess:
                continue
        return sorted(sizes, reverse=True)


@contextmanager
def running(subject: Subject, database_url: str, workers: int, keys: Path, folder: Path) -> Iterator[Running]:
    """Serve until the block ends. The output, with the access log, goes to a file in `folder`."""
    port = free_port()
    command, environment = (ceiling if subject == "ceiling" else mainspring)(database_url, workers, port, keys, folder)
    with (folder / f"{subject}.log").open("wb") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[1])
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(process, f"{url}{'/ready' if subject == 'mainspring' else '/'}", Path(log.name))
            yield Running(subject, process.pid, url, time.perf_counter() - begun)
        finally:
            stop(process)


def ceiling(url: str, workers: int, port: int, keys: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    command = [str(BIN / "granian"), *GRANIAN, "--workers", str(workers), "--port", str(port), "benchmarks.ceiling:app"]
    return command, {
        **os.environ,
        "CEILING_DATABASE_URL": url,
        "CEILING_PUBLIC_KEY": str(keys / "public.pem"),
        "CEILING_POOL": str(CONNECTIONS_OF_ALL // 2 // workers),
    }


def mainspring(url: str, workers: int, port: int, keys: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    command = [str(BIN / "mainspring"), "serve", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    return command, mainspring_environment(url, keys, folder)


def mainspring_environment(url: str, keys: Path, folder: Path) -> dict[str, str]:
    """Everything at its default, as in production: access log, audit, security headers, limits."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {
        **kept,
        "APP_ENV": "production",
        "PAYMENTS__GATEWAY": "none",
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": url,
        "PUBLIC_URL": "http://127.0.0.1",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SESSION_SECRET": "benchmark-" + "s" * 40,
        "ENCRYPTION_KEY": "benchmark-" + "e" * 40,
        "JWT_PRIVATE_KEY": (keys / "private.pem").read_text(),
        "ACCESS_TOKEN_TTL": "60m",
        "RATE_LIMITS__ANONYMOUS": "1000000000/15m",  # counted as always, and never reached
        "RATE_LIMITS__SIGNED_IN": "1000000000/1h",
    }


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended at its start:\n{log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as refusal:
            if refusal.code == 401:  # the ceiling's way to say that it is there
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise RuntimeError(f"The server did not answer within 30 s:\n{log.read_text()[-2000:]}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    processes = family(process.pid) if process.poll() is None else []
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        for each in processes:
            each.kill()
        process.wait(5)
