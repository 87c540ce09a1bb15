"""The source keeps the rules of the floor plan (docs/floor-plan.md)."""

from pathlib import Path

import pytest

from tools import architecture

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_TEST = 400
PACKAGE = ROOT / "src" / "mainspring"


@pytest.mark.parametrize("rule", architecture.RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule):
    complaints = rule(PACKAGE)

    assert not complaints, "\n".join([rule.__doc__, *complaints])


@pytest.mark.parametrize("folder", ["tests", "tools", "benchmarks"])
def test_tests_and_tools_are_not_long_either(folder):
    planted = ROOT / "tests" / "architecture" / "violations"
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*.py") if planted not in path.parents}

    assert {path: length for path, length in lengths.items() if length > MOST_LINES_OF_A_TEST} == {}
