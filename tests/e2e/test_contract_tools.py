"""The OpenAPI document under the linters and generators of others (R-010, R-343)."""

import json
from pathlib import Path

import orjson
import pytest

from mainspring.core.application import create_application
from mainspring.core.http.yaml import to_yaml
from mainspring.entrypoints.http import create_app
from mainspring.testing.databases import settings_for

from .node_clients import NodeClients

pytestmark = pytest.mark.slow  # each tool of npm takes seconds over a document of this size
SECONDS = 180


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """The document in a file."""
    settings = settings_for(f"sqlite:///{tmp_path}/unused.db", tmp_path, {"PUBLIC_URL": "https://api.example.org"})
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(create_app(create_application(settings)).openapi()))
    return path


def test_spectral_finds_nothing_against_openapi_and_the_rules_of_owasp(contract_tools: NodeClients, contract: Path) -> None:
    rules = str(contract_tools.folder / "spectral.yaml")

    told = contract_tools.tool("spectral", "lint", str(contract), "-r", rules, "-f", "json", "--quiet", seconds=SECONDS)

    assert [(one["code"], one["path"]) for one in json.loads(told)] == []


def test_redocly_finds_nothing_with_its_strict_rules(contract_tools: NodeClients, contract: Path) -> None:
    rules = str(contract_tools.folder / "redocly.rules.yaml")

    told = contract_tools.tool("redocly", "lint", str(contract), "--config", rules, "--format", "json", seconds=SECONDS)

    assert json.loads(told)["problems"] == []


def test_yaml_is_read_by_others_as_the_same_document(contract_tools: NodeClients, contract: Path, tmp_path: Path) -> None:
    text = tmp_path / "openapi.yaml"
    text.write_text(to_yaml(orjson.loads(contract.read_bytes())), encoding="utf-8")

    contract_tools.tool("redocly", "bundle", str(text), "--output", str(tmp_path / "read.json"), seconds=SECONDS)

    assert json.loads((tmp_path / "read.json").read_text()) == json.loads(contract.read_bytes())
