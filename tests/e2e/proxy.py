"""Servers behind the shipped configuration of nginx, restarted by the shipped script, and clients that forgive nothing."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx2

from mainspring.testing.databases import environment_of_tests
from mainspring.testing.servers import KEPT
from tools.nginx_trial import HOST, ROOT, find_nginx, lay_out

RESTART = 'touch "$1" && while [ -e "$1" ]; do sleep 0.02; done\n'


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    asked = [socket.socket() for _ in range(count)]
    for one in asked:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in asked]
    for one in asked:
        one.close()
    return ports


class Nginx:
    """nginx in front of servers on these ports, for the length of a `with`."""

    def __init__(self, folder: Path, servers: Sequence[int], *, repeats: bool) -> None:
        self.folder = folder
        self.http, self.https = free_ports(2)
        self.main = lay_out(folder, self.http, self.https, servers, repeats=repeats)
        self.program = find_nginx() or "nginx"

    def __enter__(self) -> Self:
        self.process = subprocess.Popen([self.program, "-e", "stderr", "-c", str(self.main), "-g", "daemon off;"])
        deadline = time.monotonic() + 10
        while not (self.folder / "nginx.pid").exists() or not self._listens():
            assert time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    @property
    def reload(self) -> str:
        """The command that makes it read its files again."""
        return f"{self.program} -e stderr -c {self.main} -s reload"

    @property
    def trust(self) -> ssl.SSLContext:
        """Trust in its certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))

    def _listens(self) -> bool:
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self.https)) == 0


class Service:
    """One `mainspring serve` on a port of its own, restarted as a service manager would."""

    def __init__(self, port: int, database_url: str, folder: Path, environment: Mapping[str, str]) -> None:
        given = {name: os.environ[name] for name in KEPT if name in os.environ}
        given |= environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(folder / f"data-{port}")}
        self.environment = given | dict(environment)
        self.port, self.folder = port, folder
        self.ended: list[tuple[int, float]] = []  # exit code and seconds of each stop
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [str(Path(sys.executable).with_name("mainspring")), "serve", "--port", str(self.port), "--workers", "2"]
        with (self.folder / f"serve-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(httpx2.TransportError):
                if httpx2.get(f"http://127.0.0.1:{self.port}/ready", timeout=2).status_code == 200:
                    return
            assert self.process.poll() is None, "the server ended by itself"
            time.sleep(0.05)
        raise TimeoutError("the server is not ready")

    def stop(self) -> None:
        """Ask it to end and note how it did."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.ended.append((self.process.wait(60), time.monotonic() - began))
        self.process = None


class Manager:
    """Restarts services when the script asks: a file named by the port stands there until the service is ready again."""

    def __init__(self, folder: Path, services: Sequence[Service]) -> None:
        self.folder, self.services = folder, services
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        (folder / "restart").write_text(RESTART)

    def __enter__(self) -> Self:
        for service in self.services:
            service.start()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()
        for service in self.services:
            if service.process is not None:
                service.process.send_signal(signal.SIGTERM)
                service.process.wait(60)

    async def roll(self, nginx: Nginx) -> None:
        """Run deploy/rolling-restart once over every service."""
        command = str(ROOT / "deploy" / "rolling-restart")
        environment = {
            "PATH": os.environ["PATH"],
            "UPSTREAM": str(nginx.folder / "mainspring.upstream"),
            "RELOAD": nginx.reload,
            "RESTART": f"sh {self.folder / 'restart'} {self.folder}/asked-",
            "PAUSE": "0.7",
        }
        done = await asyncio.create_subprocess_exec(command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        assert await asyncio.wait_for(done.wait(), 120) == 0

    def _serve(self) -> None:
        while not self.is_over.wait(0.02):
            for service in self.services:
                asked = self.folder / f"asked-{service.port}"
                if asked.exists():
                    service.stop()
                    service.start()
                    asked.unlink()


class Visitors:
    """Requests at an even rate, each on a connection of its own; whatever is not answered as it should be is a failure."""

    def __init__(self, nginx: Nginx, request: Callable[[int], tuple[bytes, int]], per_second: int) -> None:
        self.nginx, self.request, self.per_second = nginx, request, per_second
        self.trust = nginx.trust
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self.slowest = 0.0
        self.is_over = False

    async def run(self) -> None:
        """Until `is_over`; then every answer is waited for."""
        began, number = time.monotonic(), 0
        async with asyncio.TaskGroup() as visits:
            while not self.is_over:
                number += 1
                visits.create_task(self._visit(number))
                await asyncio.sleep(max(0.0, began + number / self.per_second - time.monotonic()))

    async def _visit(self, number: int) -> None:
        request, wanted = self.request(number)
        began = time.monotonic()
        try:
            async with asyncio.timeout(30):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.nginx.https, ssl=self.trust, server_hostname=HOST
                )
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.read()
                writer.close()
                status = int(head.split()[1])
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as problem:
            self.failures.append(f"request {number}: {problem!r}")
            return
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.statuses[status] += 1
        if status != wanted:
            self.failures.append(f"request {number}: {status}")


class Listeners:
    """Clients of a stream, which ask again as soon as it ends. Whatever else they hear than 200 and events is a failure."""

    def __init__(self, nginx: Nginx, request: bytes, count: int) -> None:
        self.nginx, self.request, self.count = nginx, request, count
        self.opened = self.events = 0
        self.failures: list[str] = []
        self.is_over = False

    async def run(self) -> None:
        """Until `is_over`."""
        await asyncio.gather(*(self._listen() for _ in range(self.count)))

    async def _listen(self) -> None:
        while not self.is_over:
            try:
                async with asyncio.timeout(30):
                    reader, writer = await asyncio.open_connection(
                        "127.0.0.1", self.nginx.https, ssl=self.nginx.trust, server_hostname=HOST
                    )
                    writer.write(self.request)
                    head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    self.failures.append(head.decode().splitlines()[0])
                self.opened += 1
                while not self.is_over and (line := await asyncio.wait_for(reader.readline(), 30)):
                    self.events += line.startswith(b"data:")
                writer.close()
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as problem:
                self.failures.append(repr(problem))
