"""Clients that openapi-generator makes of the contract: TypeScript, Python and Go (R-010, R-305)."""

import json
import os
from pathlib import Path

import orjson
import pytest

from mainspring.core.application import create_application
from mainspring.entrypoints.http import create_app
from mainspring.testing.databases import settings_for

from .conftest import PASSWORD
from .node_clients import NodeClients
from .outside_programs import Outside
from .test_generated_clients import STRICT

pytestmark = pytest.mark.slow  # each takes the generator some ten seconds
SECONDS = 600
IMPORT_ALL = """
import importlib, pkgutil, mainspring_client
names = [found.name for found in pkgutil.walk_packages(mainspring_client.__path__, "mainspring_client.")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
TALK = """
import json, sys
import mainspring_client as made

url, password = sys.argv[1:]
plain = made.ApiClient(made.Configuration(host=url))
auth = made.AuthApi(plain)
user = auth.register(made.Register(email="ada@example.com", password=password, name="Ada"))
signed_in = auth.login(made.Login(email="ada@example.com", password=password)).actual_instance
known = made.ApiClient(made.Configuration(host=url, access_token=signed_in.access_token))
sessions = made.AuthApi(known).list_sessions(limit=5)
told = {"name": user.name, "sessions": len(sessions.data), "me": made.UsersApi(known).get_me().email}
try:
    made.UsersApi(plain).get_me()
except made.ApiException as refused:
    told["refused"] = [refused.status, json.loads(refused.body)["error"]["code"]]
try:
    made.UsersApi(known).list_users(limit=5)
except made.ApiException as refused:
    told["forbidden"] = refused.status
print(json.dumps(told))
"""


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document in a file."""
    folder = tmp_path_factory.mktemp("contract")
    settings = settings_for(f"sqlite:///{folder}/unused.db", folder, {})
    path = folder / "openapi.json"
    path.write_bytes(orjson.dumps(create_app(create_application(settings)).openapi()))
    return path


@pytest.fixture(scope="session")
def python_client(java: None, outside: Outside, contract: Path) -> Path:
    """The folder of the client for Python, made once."""
    return generated(outside, contract, "python")


def generated(outside: Outside, contract: Path, kind: str, *options: str) -> Path:
    """The folder with a client. The generator may not complain of anything as an error."""
    folder = contract.parent / kind
    told = outside.done(
        *("java", "-jar", str(outside.generator), "generate", "-i", str(contract), "-g", kind, "-o", str(folder)),
        *("--package-name", "mainspring_client", *options),
        folder=contract.parent,
        seconds=SECONDS,
    )
    assert [line for line in told.splitlines() if " ERROR " in line] == []
    return folder


def test_the_client_for_typescript_compiles(java, outside: Outside, contract_tools: NodeClients, contract: Path) -> None:
    made = generated(outside, contract, "typescript-fetch")

    sources = sorted(map(str, made.rglob("*.ts")))
    assert len(sources) > 100
    contract_tools.tool("tsc", *STRICT, "--noEmit", "--lib", "es2022,dom", *sources, seconds=SECONDS)


def test_the_client_for_python_compiles_and_can_be_imported(java, outside: Outside, python_client: Path) -> None:
    outside.done(outside.python, "-m", "compileall", "-q", "mainspring_client", folder=python_client)

    assert int(outside.done(outside.python, "-W", "error", "-c", IMPORT_ALL, folder=python_client)) > 100


async def test_the_client_for_python_talks_to_a_server(java, outside: Outside, python_client: Path, server) -> None:
    running = server(workers=2)

    told = json.loads(outside.done(outside.python, "-c", TALK, running.url, PASSWORD, folder=python_client))

    assert told == {
        "name": "Ada",
        "sessions": 1,
        "me": "ada@example.com",
        "refused": [401, "UNAUTHORIZED"],
        "forbidden": 403,
    }


@pytest.mark.full  # Go compiles its whole library first: a minute on a calm machine
def test_the_client_for_go_builds(java, outside: Outside, contract: Path) -> None:
    made = generated(outside, contract, "go", "--additional-properties", "enumClassPrefix=true")  # constants share one space
    alone = {
        "GOCACHE": str(contract.parent / "cache"),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOPATH": str(contract.parent / "path"),
        "HOME": os.environ.get("HOME", str(contract.parent)),
    }

    outside.done("go", "build", "./...", folder=made, env=alone, seconds=SECONDS)
