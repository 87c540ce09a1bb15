"""Schemathesis asks a real server everything that the contract allows, and much that it does not (R-010, R-343).

Every check and every phase is on. The server has two workers, and limits on requests that nobody reaches: with those of every day
nearly all answers would be 429. What is no failure though the schema allows the request stands, with its reason, in
tests/outside/schemathesis_hooks.py.
"""

import json
from pathlib import Path

import pytest

from .outside_programs import CONFIGURED, Outside
from .roles import accounts_of_each_role

pytestmark = pytest.mark.slow
EVERY = "examples,coverage,fuzzing,stateful"
BRIEF = "examples,fuzzing,stateful"
SEED = 20_261_129
RUNS = [
    *(pytest.param(role, 1, id=role) for role in ("admin", "user")),
    *(pytest.param(role, 30, id=f"{role} at full size", marks=pytest.mark.full) for role in ("admin", "user", "anonymous")),
]


@pytest.mark.parametrize(("role", "examples"), RUNS)
async def test_every_answer_is_one_that_the_contract_names(
    role: str, examples: int, server, settings, outside: Outside, tmp_path: Path
) -> None:
    running = server(workers=2, env={"RATE_LIMITS": "off", "ACCESS_TOKEN_TTL": "1h"})
    roles = await accounts_of_each_role(running.url, settings)
    report = tmp_path / "report.json"
    phases = EVERY if examples > 1 else BRIEF  # coverage is by far the longest phase
    asking = {
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks.py",
        "PYTHONPATH": ".",
        "FUZZ_URL": running.url,
        "FUZZ_ACCOUNTS": json.dumps(roles.accounts[role]),
    }

    ended = outside.run(
        *("schemathesis", "run", f"{running.url}/openapi.json", "--no-color", "--workers", "2", "--seed", str(SEED)),
        *("--phases", phases, "--max-examples", str(examples), "--continue-on-failure", "--request-timeout", "30"),
        *("--generation-database", "none", "--report", "json", "--report-json-path", str(report)),
        folder=CONFIGURED,
        env=asking,
        seconds=3600,
    )

    told = json.loads(report.read_text())
    assert (ended.returncode, told["failures"], told["errors"]) == (0, [], []), ended.stdout
    assert told["operations"]["tested"] == told["operations"]["total"] > 150
    assert statuses_of(running.log)[5] == 0
    if role != "anonymous":
        assert statuses_of(running.log)[2] > 50, "hardly anything was let in"


def statuses_of(log: str) -> dict[int, int]:
    """How many answers of each hundred the access log tells."""
    counts = dict.fromkeys(range(1, 6), 0)
    for line in log.split("\n"):  # a path may hold what splitlines() takes for an end of line
        if '"logger":"access"' in line:
            counts[json.loads(line)["status"] // 100] += 1
    return counts
