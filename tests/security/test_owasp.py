"""One row per category of the OWASP Top 10 in docs/owasp.md, each with tests that exist (R-005)."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "owasp.md"
ROW = re.compile(r"^\| (A\d\d) ([^|]+) \| ([^|]+) \| (.+) \|$", re.M)
POINTER = re.compile(r"\]\(\.\./(tests/[^)]+\.py)\)((?:,? ?`test_\w+`)+)")
CLIENTS = {"httpx", "httpx2", "aiohttp", "requests", "urllib3", "urllib.request", "http.client", "socket"}
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


def test_no_feature_fetches_addresses() -> None:  # A10
    package = ROOT / "src" / "mainspring"
    found = [
        f"{path.relative_to(package)} imports {name}"
        for folder in ("core", "modules")
        for path in (package / folder).rglob("*.py")
        for name in imported_by(path) & CLIENTS
    ]

    assert [line for line in found if line not in ALLOWED] == []
    assert imported_by(package / "testing" / "client.py") & CLIENTS


ALLOWED = ("core/jobs/presence.py imports socket",)  # for the name of this machine


def imported_by(path: Path) -> set[str]:
    """The modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
