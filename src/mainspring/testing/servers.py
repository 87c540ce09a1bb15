"""Real `mainspring serve` processes for tests: started on a free port, watched, always ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

from .databases import environment_of_tests

START_SECONDS = 30.0
STOP_SECONDS = 40.0
KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SYSTEMROOT",
    "VIRTUAL_ENV",
    "COVERAGE_PROCESS_START",
    "COVERAGE_PROCESS_CONFIG",
)


class RunningServer:
    """One `mainspring serve` with its workers. `url` has no slash at its end."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self._log = log

    @property
    def log(self) -> str:
        """Everything that the server has written so far."""
        return self._log.read_text(errors="replace")

    @property
    def processes(self) -> list[psutil.Process]:
        """The supervisor and every process below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    @property
    def memory_bytes(self) -> int:
        """Proportional memory (PSS) of all processes; resident memory where PSS is not known."""
        return sum(_memory(process) for process in self.processes)

    def client(self, timeout_seconds: float = 30.0) -> httpx2.AsyncClient:
        """A client with the server's address, to be closed by the caller."""
        return httpx2.AsyncClient(base_url=self.url, timeout=timeout_seconds)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end with SIGTERM and answer its exit code. Raises TimeoutExpired when it does not."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End every process at once, as a power cut would."""
        if self.process.poll() is None:
            for process in reversed(self.processes):
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
        self.process.wait(STOP_SECONDS)


@contextmanager
def start_server(
    database_url: str,
    folder: Path,
    *,
    workers: int | None = 1,
    env: Mapping[str, str] | None = None,
    ready_path: str = "/ready",
    options: Sequence[str] = (),
) -> Iterator[RunningServer]:
    """Start a server and wait until it is ready. Raises RuntimeError with its log when it ends or takes over 30 s.

    Without `workers` their number is that of the environment.
    """
    port = _free_port()
    given = {name: os.environ[name] for name in KEPT if name in os.environ}
    given |= environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(folder / "data")} | dict(env or {})
    program = Path(sys.executable).with_name("mainspring")
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port), *options]
    if workers is not None:
        command += ["--workers", str(workers)]
    log = folder / f"serve-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=given, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    running = RunningServer(process, f"http://127.0.0.1:{port}", log)
    try:
        _wait_until_ready(running, ready_path)
        yield running
    finally:
        running.kill()


def _wait_until_ready(running: RunningServer, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            raise RuntimeError(f"the server ended with {running.process.returncode}:\n{running.log}")
        try:
            if httpx2.get(running.url + path, timeout=1.0).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"the server was not ready within {START_SECONDS:.0f} s:\n{running.log}")


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _memory(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(found, "pss", found.rss))
