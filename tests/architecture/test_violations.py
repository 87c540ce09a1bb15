"""A rule that catches nothing is no rule: each planted violation is caught by the rule that it names."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import architecture

ROOT = Path(__file__).parents[2]
VIOLATIONS = sorted((Path(__file__).parent / "violations").glob("*.py"))
RULES = {rule.__name__: rule for rule in architecture.RULES}


def contracts() -> list[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    return [config[section]["name"] for section in config.sections() if ":" in section]


def catcher(violation: Path) -> str:
    return violation.read_text().splitlines()[0].removeprefix("# caught by: ")


@pytest.fixture
def copied_source(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src" / "mainspring", tmp_path / "mainspring", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def plant(violation: Path, source: Path) -> None:
    parts = re.split(r"^# place: (.+)\n", violation.read_text(), flags=re.M)
    for place, code in zip(parts[1::2], parts[2::2], strict=True):
        path = source / "mainspring" / place
        for folder in reversed(path.relative_to(source).parents):
            (source / folder).mkdir(exist_ok=True)
            (source / folder / "__init__.py").touch() if folder.name else None
        path.write_text((path.read_text() if path.exists() else "") + code)


def broken_contracts(source: Path) -> Iterator[str]:
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint, "--no-cache"], cwd=source, env=os.environ | {"PYTHONPATH": str(source)}, text=True, capture_output=True, timeout=60
    )
    assert "Contracts:" in run.stdout, run.stdout + run.stderr
    return (line.removesuffix(" BROKEN").strip() for line in run.stdout.splitlines() if line.endswith(" BROKEN"))


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda path: path.stem)
def test_a_planted_violation_is_caught(violation, copied_source):
    plant(violation, copied_source)

    if catcher(violation) in RULES:
        assert RULES[catcher(violation)](copied_source / "mainspring") != []
    else:
        assert catcher(violation) in broken_contracts(copied_source)


def test_every_rule_and_contract_has_a_planted_violation():
    assert {catcher(violation) for violation in VIOLATIONS} == {*RULES, *contracts()}
