"""sqlmap finds no way into the database through any operation that takes a parameter or a body (R-126, OWASP A03).

The server has two workers and no limits on requests: sqlmap sends thousands, and what is answered with 429 is not looked at.
"""

import csv
import json
import re
from pathlib import Path

import httpx2
import pytest

from mainspring.core.http.contract_bounds import Document

from .outside_programs import Outside
from .roles import accounts_of_each_role

pytestmark = pytest.mark.full  # some three minutes for each role and database on a calm machine
# Refusals carry a time and a request id, so two may differ by chance; sqlmap asks again and dismisses such finds itself.
DISMISSED = "false positive or unexploitable"
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@pytest.mark.parametrize("role", ["anonymous", "user", "admin"])
async def test_nothing_can_be_injected(role: str, dialect: str, server, settings, outside: Outside, tmp_path: Path) -> None:
    running = server(workers=2, env={"RATE_LIMITS": "off", "ACCESS_TOKEN_TTL": "1h"})
    token = await (await accounts_of_each_role(running.url, settings)).token(running.url, role)
    document = with_parameters(httpx2.get(f"{running.url}/openapi.json").json())
    contract, found = tmp_path / "openapi.json", tmp_path / "found.csv"
    contract.write_text(json.dumps(document))
    header = ("--header", f"Authorization: Bearer {token}") if token else ()

    told = outside.done(
        *("sqlmap", "--openapi", str(contract), "--openapi-base", running.url, "--batch", "--disable-coloring", "--skip-waf"),
        *("--dbms", NAMES[dialect], "--level", "1", "--risk", "1", "--threads", "4", "--ignore-code", "*", *header),
        *("--output-dir", str(tmp_path / "output"), "--results-file", str(found)),
        folder=tmp_path,
        seconds=1700,
    )

    count = sum(map(len, document["paths"].values()))
    assert count > 100
    assert re.findall(r"^\[(\d+)/(\d+)\] URL:", told, re.M)[-1] == (str(count), str(count))
    assert "identified the following injection point" not in told
    assert [row for row in csv.DictReader(found.read_text().splitlines()) if row["Note(s)"] != DISMISSED] == []


def with_parameters(document: Document) -> Document:
    """The document without operations that read nothing of what is sent. Those that end the session that asks are among them."""
    kept = {
        path: {
            method: operation
            for method, operation in methods.items()
            if "requestBody" in operation or any(one["in"] in ("path", "query") for one in operation.get("parameters", ()))
        }
        for path, methods in document["paths"].items()
    }
    return {**document, "paths": {path: methods for path, methods in kept.items() if methods}}
