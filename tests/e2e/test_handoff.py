"""`mainspring handoff` and `mainspring openapi --against` from the command line (R-304, R-306)."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mainspring.testing.databases import environment_of_tests

MAINSPRING = Path(sys.executable).with_name("mainspring")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    given = {"PATH": "/usr/bin:/bin", **environment_of_tests(), "DATABASE_URL": f"sqlite:///{tmp_path}/unused.db"}

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([str(MAINSPRING), *arguments], env=given, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return command


@pytest.mark.slow  # every operation is executed, twice for each of two handoffs
def test_the_handoff_is_whole_executed_and_the_same_each_time(run: Run, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        written = run("handoff", folder)
        assert written.returncode == 0, written.stderr

    files = {path.name: path.read_text() for path in (tmp_path / "first").iterdir()}
    assert files == {path.name: path.read_text() for path in (tmp_path / "second").iterdir()}
    assert set(files) == {"api.md", "client.ts", "openapi.json", "openapi.yaml"}
    page, contract = files["api.md"], json.loads(files["openapi.json"])
    operations = [(method.upper(), path) for path, methods in contract["paths"].items() for method in methods]
    endpoints, _, types = page.partition("\n## Types\n")
    chapters = endpoints.split("\n### ")[1:]
    assert len(chapters) == len(operations)
    for method, path in operations:
        (chapter,) = (one for one in chapters if one.startswith(f"{method} {path}\n"))
        assert "\nExecuted:\n" in chapter or "*Not executed:*" in chapter, path
        assert "- **Errors:**" in chapter, path
    assert page.count("\nExecuted:\n") > 100, "most of it can be executed"
    for name in contract["components"]["schemas"]:
        assert f"\n### {name}\n" in types
    for essential in (
        "## Signing in",
        "| `VALIDATION_ERROR` | 422 |",
        "| anonymous |",
        "http://127.0.0.1:8000",
        "Idempotency-Key",
    ):
        assert essential in page
    (create,) = (one for one in chapters if one.startswith("POST /api/v1/products\n"))
    assert "| `name` | body | string | required; at least 1 characters; at most 200 characters |" in create
    assert '"price": {\n    "amount": 1,\n    "currency": "EUR"\n  }' in create


def test_a_break_ends_with_one_and_is_named(run: Run, tmp_path: Path) -> None:
    released = tmp_path / "released.json"
    assert run("openapi", "--write", "released.json").returncode == 0
    document = json.loads(released.read_text())
    document["paths"]["/api/v1/sofas"] = {"get": {"operationId": "listSofas", "responses": {}}}
    released.write_text(json.dumps(document))

    refused = run("openapi", "--against", "released.json")
    missing = run("openapi", "--against", "nowhere.json")

    assert (refused.returncode, refused.stdout) == (1, "GET /api/v1/sofas: the operation is gone\n")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "nowhere.json cannot be read" in missing.stderr
