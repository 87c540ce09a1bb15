"""What the tests of real servers share: somebody who may do everything, and load that counts what was lost."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

import httpx2
import pytest

from mainspring.core.application import create_application
from mainspring.core.settings import Settings
from mainspring.modules.access.service import AssignmentService
from tools.nginx_trial import find_nginx

from .chromium import NoChromium, find_chromium, started_browser
from .node_clients import CONTRACT, INTEROP, NodeClients, NoNode, installed_clients
from .outside_programs import NoProgram, Outside, check_java, installed_programs

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

collect_ignore = [] if find_nginx() else ["test_nginx.py"]  # `./dev check` says what was left out
PASSWORD = "correct horse battery staple"


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser or with npm packages are marked so, and can be left out where there is none."""
    for item in items:
        used = getattr(item, "fixturenames", ())
        for fixture, mark in (("chromium", "browser"), ("node", "node"), ("contract_tools", "node"), ("java", "java")):
            if fixture in used:
                item.add_marker(mark)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def administrator(settings) -> "Callable[[str], Awaitable[dict[str, str]]]":
    """Registers an administrator at a running server and answers the headers that prove it."""

    async def register(url: str) -> dict[str, str]:
        return await administrator_of(url, settings)

    return register


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> str:
    """The path of the browser; without one the test is skipped, or fails under --complete."""
    try:
        return find_chromium()
    except NoChromium as missing:
        _leave_out(request, missing)


@pytest.fixture
async def browser(chromium: str) -> "AsyncIterator[BrowserContext]":
    """A browser with a fresh profile: `await browser.new_page()`. Errors that a page does not catch fail the test."""
    async with started_browser(chromium) as context:
        yield context


@pytest.fixture
async def browser_page(browser: "BrowserContext") -> "Page":
    """The one page of a browser with a fresh profile. Name it in tests marked `browser`."""
    return await browser.new_page()


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> NodeClients:
    """The npm clients of tests/interop, installed once: `node.run("verify_token.mjs", url)`. For tests marked `node`."""
    return _installed(request, INTEROP)


@pytest.fixture(scope="session")
def contract_tools(request: pytest.FixtureRequest) -> NodeClients:
    """The linters, generators and the compiler of tests/contract, installed once. For tests marked `node`."""
    return _installed(request, CONTRACT)


@pytest.fixture(scope="session")
def outside(request: pytest.FixtureRequest) -> Outside:
    """Programs of PyPI that look at us from outside, installed once: `outside.done("sqlmap", ...)`."""
    try:
        return installed_programs(_teller(request))
    except NoProgram as missing:
        _leave_out(request, missing)


@pytest.fixture(scope="session")
def java(request: pytest.FixtureRequest) -> None:
    """There is a Java. Tests that use it are marked `java`."""
    try:
        check_java()
    except NoProgram as missing:
        _leave_out(request, missing)


def _installed(request: pytest.FixtureRequest, folder: Path) -> NodeClients:
    try:
        return installed_clients(_teller(request), folder)
    except NoNode as missing:
        _leave_out(request, missing)


def _teller(request: pytest.FixtureRequest) -> Callable[[str], None]:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def tell(progress: str) -> None:
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"{progress}\n")
            sys.stderr.flush()

    return tell


def _leave_out(request: pytest.FixtureRequest, missing: Exception) -> NoReturn:
    if request.config.getoption("--complete"):
        pytest.fail(str(missing))
    pytest.skip(str(missing))


async def administrator_of(url: str, settings: Settings) -> dict[str, str]:
    """Register an administrator at a running server; the headers that prove it."""
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        who = {"email": "root@example.com", "password": PASSWORD, "name": "Root"}
        user = (await client.post("/api/v1/auth/register", json=who)).raise_for_status().json()
    application = create_application(settings)
    await application.start()
    async with application.unit() as uow:
        await AssignmentService(uow).assign(None, UUID(user["id"]), "admin")
    await application.stop()
    return await sign_in(url)


async def sign_in(url: str) -> dict[str, str]:
    """The headers that prove that the administrator is asking."""
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        answer = await client.post("/api/v1/auth/login", json={"email": "root@example.com", "password": PASSWORD})
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['accessToken']}"}


class Load:
    """Clients over plain sockets, so that a lost request is told apart from one that never arrived."""

    def __init__(self, url: str, request: Callable[[int], bytes]) -> None:
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port = int(port)
        self.request = request
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.answers: list[bytes] = []
        self.lost: list[str] = []
        self.number = 0
        self.is_over = False

    async def run(self, clients: int, per_connection: int, seconds: float, most: int = 10**9) -> None:
        """Send until time is up, `most` requests were sent, or nobody listens any more."""
        ends = time.monotonic() + seconds
        await asyncio.gather(*(self._client(per_connection, ends, most) for _ in range(clients)))

    async def _client(self, per_connection: int, ends: float, most: int) -> None:
        while time.monotonic() < ends and self.number < most and not self.is_over:
            try:
                reader, writer = await asyncio.wait_for(asyncio.open_connection(self.host, self.port), 5)
            except (OSError, TimeoutError):
                self.counts["refused"] += 1
                return
            await self._talk(reader, writer, per_connection, most)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, per_connection: int, most: int) -> None:
        for nth in range(per_connection):
            if self.number >= most or self.is_over:
                return
            self.number += 1
            self.counts["sent"] += 1
            try:
                writer.write(self.request(self.number))
                await writer.drain()
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
                body = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
            except (OSError, asyncio.IncompleteReadError) as problem:
                self.counts["lost"] += 1
                self.lost.append(f"request {nth} of its connection: {problem!r}")
                return
            self.counts["answered"] += 1
            self.statuses[int(head.split()[1])] += 1
            self.answers.append(body)
            if b"connection: close" in head.lower():
                return
