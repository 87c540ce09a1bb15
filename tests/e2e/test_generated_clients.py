"""Clients made from the contract: our own against a running server, and those of other generators (R-305)."""

import json
from pathlib import Path

import orjson
import pytest

from mainspring.core.application import create_application
from mainspring.core.settings import Settings
from mainspring.entrypoints.contract.typescript import client_of
from mainspring.entrypoints.http import create_app
from mainspring.testing.databases import settings_for

from .node_clients import NodeClients

pytestmark = pytest.mark.slow  # compiling takes seconds, and so do two workers
STRICT = ("--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--typeRoots", "none")
SECONDS = 180


def client_in(folder: Path, settings: Settings) -> Path:
    """The generated client in a folder of its own."""
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}')
    path = folder / "client.ts"
    path.write_text(client_of(create_app(create_application(settings)).openapi()), encoding="utf-8")
    return path


async def test_the_typed_client_talks_to_a_server_with_two_workers(
    server, settings, administrator, contract_tools: NodeClients, tmp_path: Path
) -> None:
    running = server(workers=2)
    await administrator(running.url)
    client = client_in(tmp_path / "front", settings)
    story = client.with_name("use_client.ts")
    story.write_text((contract_tools.folder / "use_client.ts").read_text())
    contract_tools.tool("tsc", *STRICT, "--noUncheckedIndexedAccess", str(client), str(story), seconds=SECONDS)
    password = "correct horse battery staple"

    told = json.loads(contract_tools.program("node", str(story.with_suffix(".js")), running.url, "root@example.com", password))

    assert told == {
        "person": "client@example.com",
        "unauthorized": [401, "UNAUTHORIZED", True],
        "invalid": [422, "VALIDATION_ERROR", True],
        "aborted": "AbortError",
        "repeated": True,
        "shown": "Lamp",
        "names": ["Lamp", "Lamp 2", "Lamp 3", "Lamp 4", "Lamp 5"],
        "pages": 2,
        "stale": [412, "PRECONDITION_FAILED"],
        "answers": 1,
        "refreshesOfTen": 1,
        "renewed": True,
        "loggedOut": [401, None],
        "told": [True, True, True, False],
        "byCookie": "Lamp 6",
        "five": 5,
        "refreshesOfPage": 1,
        "closed": 401,
    }


def test_other_generators_make_clients_that_compile(contract_tools: NodeClients, tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, {})
    contract = tmp_path / "openapi.json"
    contract.write_bytes(orjson.dumps(create_app(create_application(settings)).openapi()))
    types, hey = tmp_path / "types.ts", tmp_path / "hey"

    contract_tools.tool("openapi-typescript", str(contract), "--output", str(types), seconds=SECONDS)
    contract_tools.tool("openapi-ts", "--input", str(contract), "--output", str(hey), "--no-log-file", seconds=SECONDS)

    assert "createProduct" in types.read_text()
    assert "createProduct" in (hey / "sdk.gen.ts").read_text()
    skip = ("--noEmit", "--skipLibCheck")
    contract_tools.tool("tsc", *STRICT, *skip, str(types), *map(str, sorted(hey.rglob("*.ts"))), seconds=SECONDS)
