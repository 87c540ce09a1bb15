"""One row per category of the OWASP Top 10 and its API Security Top 10 in docs/owasp.md, with tests that exist (R-005, R-343)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "owasp.md"
ROW = re.compile(r"^\| (A\d\d) ([^|]+) \| ([^|]+) \| (.+) \|$", re.M)
API_ROW = re.compile(r"^\| (API\d+):2023 ([^|]+) \| ([^|]+) \| (.+) \|$", re.M)
POINTER = re.compile(r"\]\(\.\./(tests/[^)]+\.py)\)((?:,? ?`test_\w+`)+)")
CLIENTS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "pycurl",
    "requests",
    "socket",
    "urllib.request",
    "urllib3",
    "xmlrpc.client",
}
CALLS = {"open_connection", "create_connection", "open_unix_connection", "getaddrinfo", "sock_connect", "connect_tcp"}
HOSTILE = [
    "'; DROP TABLE products; --",
    '" OR 1=1 --',
    "%' OR '1'='1",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\\x00",
]


def test_every_category_has_a_row_with_tests() -> None:
    rows = {row[1]: row[4] for row in ROW.finditer(PAGE.read_text())}

    assert list(rows) == [f"A{number:02}" for number in range(1, 11)]
    for category, shown_by in rows.items():
        assert POINTER.search(shown_by), category


def test_every_category_for_apis_has_a_row_with_tests() -> None:
    rows = {row[1]: row[4] for row in API_ROW.finditer(PAGE.read_text())}

    assert list(rows) == [f"API{number}" for number in range(1, 11)]
    for category, shown_by in rows.items():
        assert POINTER.search(shown_by), category


def test_every_test_that_is_named_exists() -> None:
    pointers = [(match[1], name) for match in POINTER.finditer(PAGE.read_text()) for name in re.findall(r"test_\w+", match[2])]

    assert len(pointers) >= 10
    for path, name in pointers:
        assert re.search(rf"^\s*(async )?def {name}\(", (ROOT / path).read_text(), re.M), f"{path}: {name}"


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_only_text(app, text) -> None:  # A03
    user = await app.sign_up()
    await app.give_role(user, "admin")
    client = app.as_(user)
    body = {"name": text, "category": "light", "price": {"amount": 1, "currency": "EUR"}}

    made = await client.post("/api/v1/products", json=body)
    found = await client.get("/api/v1/products", params={"category": text})
    sorted_by = await client.get("/api/v1/products", params={"sort": text})

    assert (made.status_code, made.json()["name"]) == (201, text)
    assert found.json()["data"] == []
    assert sorted_by.status_code == 422
    assert (await client.get("/api/v1/products")).json()["pagination"]["total"] == 1


ALLOWED = {  # each with what it needs it for
    "adapters/outgoing.py": {"httpcore2", "socket", "connect_tcp", "getaddrinfo"},  # the client for other servers itself
    "adapters/local_bank/gateway.py": {"http.client"},  # the bank in this process speaks to us, at the address that we serve
    "core/doctor/neighbours.py": {"open_connection"},  # whether something listens at an address of the settings
    "core/jobs/presence.py": {"socket"},  # the name of this machine
    "entrypoints/serving/handover.py": {"socket"},  # what the supervisor before this one listened on
    "entrypoints/serving/listener.py": {"socket", "getaddrinfo"},  # what we listen on
    "entrypoints/serving/manager.py": {"socket"},  # what the manager of services is told through
    "entrypoints/serving/seats.py": {"socket"},
    "entrypoints/serving/server.py": {"socket"},
    "entrypoints/serving/supervisor.py": {"socket"},  # what the processes listen on
    "entrypoints/serving/worker.py": {"socket"},
}


def test_no_feature_fetches_addresses() -> None:  # A10
    package = ROOT / "src" / "mainspring"
    found = {
        (str(path.relative_to(package)), name)
        for folder in ("core", "modules", "adapters", "entrypoints")
        for path in (package / folder).rglob("*.py")
        for name in (imported_by(path) & CLIENTS) | (called_by(path) & CALLS)
    }

    assert {(path, name) for path, name in found if name not in ALLOWED.get(path, ())} == set()
    assert {(path, name) for path, names in ALLOWED.items() for name in names} == found  # nothing is allowed that is not used
    assert imported_by(package / "testing" / "client.py") & CLIENTS


def called_by(path: Path) -> set[str]:
    """The names of the functions and methods that a file calls."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def imported_by(path: Path) -> set[str]:
    """The modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
