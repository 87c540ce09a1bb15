"""Names of people everywhere (D-14, R-138, R-139)."""

import pytest
from pydantic import ValidationError

from mainspring.modules.users.schemas import Names


@pytest.mark.parametrize(
    "typed", ["Ada", "Jean-Luc O'Neill", "José", "李小龍", "Nguyễn Văn A", "محمد", "Siân O\u2019Brien", " Ada "]
)
def test_names_of_all_scripts_are_kept(typed):
    assert Names(name=typed).full_name == typed.strip()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Name is required"),
        ("   ", "Name is required"),
        ("A" * 101, "Name must be at most 100 characters"),
        ("<b>Ada</b>", "Name may hold letters, spaces, hyphens and apostrophes"),
        ("R2D2", "Name may hold letters, spaces, hyphens and apostrophes"),
        ("- -", "Name must hold a letter"),
    ],
)
def test_what_is_no_name_is_refused_in_plain_words(typed, message):
    with pytest.raises(ValidationError) as refused:
        Names(name=typed)

    assert refused.value.errors()[0]["msg"] == message


def test_a_first_and_a_last_name_make_a_name():
    assert Names(first_name="Ada", last_name="Lovelace").full_name == "Ada Lovelace"


def test_some_name_is_required():
    with pytest.raises(ValidationError, match="Name is required"):
        Names()
