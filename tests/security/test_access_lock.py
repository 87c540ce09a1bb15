"""The lock file of who may call what: it is what the program says, and what the program does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mainspring.core.security import access_table
from mainspring.core.security.guard import HoldsPermission, SignedIn
from mainspring.testing.client import AppClient

from .test_access_matrix import rows as reviewed_rows

LOCK = Path(__file__).with_name("access.lock.md")
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")
REFUSED = {
    "-": {"401", "403"},
    "own": {"200", "201", "202", "204", "403", "404"},
    "yes": {"200", "201", "202", "204", "302", "303", "401"},
    "?": {"200", "401", "403"},  # a rule of its own: that of each operation
}


def locked_rows() -> dict[str, dict[str, str]]:
    lines = [
        [cell.strip() for cell in line.strip("| ").split("|")]
        for line in LOCK.read_text().splitlines()
        if line.startswith(("| operation", "| `"))
    ]
    return {cells[0].strip("`"): dict(zip(lines[0][1:], cells[1:], strict=False)) for cells in lines[1:] if " /" in cells[0]}


def matrix(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"APP_ENV": "test", "DATA_DIR": str(folder), "LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "mainspring", "access", "matrix", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=120, check=False)


def test_the_lock_file_is_what_the_program_says(tmp_path: Path) -> None:
    compared = matrix(tmp_path, "--check", str(LOCK))

    assert compared.returncode == 0, f"{compared.stdout}{compared.stderr}run: mainspring access matrix --write {LOCK}"


def test_a_loosened_rule_is_found_and_shown(tmp_path: Path) -> None:
    other = tmp_path / "access.lock.md"
    other.write_text(
        LOCK.read_text().replace("| `GET /api/v1/audit` | audit:read | - |", "| `GET /api/v1/audit` | public | yes |")
    )
    assert other.read_text() != LOCK.read_text()

    compared = matrix(tmp_path, "--check", str(other))

    assert compared.returncode == 1
    changed = [line for line in compared.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line[0] for line in changed] == ["-", "+"]
    assert "| `GET /api/v1/audit` | audit:read | - |" in changed[1]
    assert "Review the lines above" in compared.stderr
    assert matrix(tmp_path, "--write", str(other)).returncode == 0
    assert other.read_text() == LOCK.read_text()


@pytest.mark.parametrize(("part", "column"), [("anonymous", "anonymous"), ("stranger", "user"), ("moderator", "moderator")])
def test_both_reviewed_tables_agree(part: str, column: str) -> None:
    """The lock says what guards allow, the matrix what the routes answer: they differ only where a service decides."""
    locked = locked_rows()

    wrong = [
        (route, row[part], locked[route][column])
        for route, row in reviewed_rows().items()
        if row[part] not in REFUSED[locked[route][column]]
    ]

    assert wrong == []
    assert set(locked) == set(reviewed_rows())


async def test_a_key_without_scopes_is_refused_wherever_the_lock_says_so(app: AppClient) -> None:
    owner = await app.sign_up()
    await app.give_role(owner, "admin")
    made = (await app.as_(owner).post("/api/v1/api-keys", json={"name": "Robot", "scopes": []})).json()
    locked = locked_rows()

    answered = {}
    for method, path, plan in app.program.plans:
        if locked[f"{method} {path}"]["key without scopes"] == "-":
            assert plan.guards
            filled = "/".join(made["id"] if part.startswith("{") else part for part in path.split("/"))
            answer = await app.request(method, filled, headers={"X-API-Key": made["key"]})
            answered[f"{method} {path}"] = answer.status_code

    assert len(answered) > 60
    assert set(answered.values()) == {403}
    assert (await app.as_(owner).get("/api/v1/users/me")).status_code == 200


async def test_a_key_with_the_scopes_that_a_route_needs_comes_in(app: AppClient) -> None:
    """What the lock says a key needs is what the guards ask for."""
    locked = locked_rows()

    for method, path, plan in app.program.plans:
        needs = [guard.key_needs(method) for guard in plan.guards]
        if any(need is None for need in needs):
            assert locked[f"{method} {path}"]["a key needs"] == "never"
        for guard in plan.guards:
            if isinstance(guard, SignedIn | HoldsPermission) and not guard.people_only:
                assert set(guard.permissions) <= set(
                    locked[f"{method} {path}"]["a key needs"].replace(" and ", " or ").split(" or ")
                )
    assert access_table.NOBODY == "-"
