"""`docs/requirements.md` leaves no requirement of the foundation out, and names only what exists."""

import re
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "requirements.md"
SCOPE = (
    "1-57 59-83 87-90 102-137 144 148-157 160 163 166 172-178 183-193 198-199 202-208 210-214 216-217 222-229 241-245 247-249 "
    "277 279 308-313 316 325-327 329-331 334-342 345-346"
)
ROW = re.compile(r"^\| R-(\d{3}) \| (.+) \| (.+) \| (.+) \|$", re.M)


def test_every_requirement_of_the_foundation_has_one_row() -> None:
    listed = [int(row[1]) for row in ROW.finditer(PAGE.read_text())]

    bounds = (part.partition("-") for part in SCOPE.split())
    wanted = chain.from_iterable(range(int(first), int(last or first) + 1) for first, _, last in bounds)
    assert set(wanted) <= set(listed)
    assert len(listed) == len(set(listed))


def test_every_row_says_where_and_every_path_exists() -> None:
    for row in ROW.finditer(PAGE.read_text()):
        paths = re.findall(r"\]\(([^)]+)\)", row[0])
        assert paths or "comes with" in row[4], row[0]
        for path in paths:
            assert (PAGE.parent / path).exists(), path


def test_every_test_that_a_row_names_has_tests() -> None:
    for path in set(re.findall(r"\]\((\.\./tests/[^)]+\.py)\)", PAGE.read_text())):
        assert re.search(r"^ *(async )?def test_", (PAGE.parent / path).read_text(), re.M), path
