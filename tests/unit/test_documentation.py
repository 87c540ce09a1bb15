"""The documentation keeps its promises about itself."""

import pytest

from tools import check_docs


def test_every_link_leads_somewhere_and_every_decision_is_complete():
    assert check_docs.complaints() == []


@pytest.mark.parametrize("word", "controller guard pipe interceptor filter decorator DTO validator seed queue".split())
def test_the_vocabulary_explains_the_word(word):
    rows = [line for line in (check_docs.ROOT / "docs" / "vocabulary.md").read_text().splitlines() if line.startswith("| ")]

    assert any(word in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("folder", ["common/", "types/", "config/"])
def test_the_vocabulary_says_where_a_usual_folder_went(folder):
    rows = [line for line in (check_docs.ROOT / "docs" / "vocabulary.md").read_text().splitlines() if line.startswith("| ")]

    assert any(f"`{folder}`" in row.split("|")[1] for row in rows)


def test_an_anchor_is_made_as_github_makes_it():
    text = "# One program, or `many`?\n```\n# not a heading\n```\n## Twice\n## Twice\n"

    assert check_docs.anchors(text) == {"one-program-or-many", "twice", "twice-1"}
