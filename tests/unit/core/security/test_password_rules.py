"""Which new passwords are accepted (R-053, R-054, R-339, D-13, ASVS 6.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from mainspring.core.errors import Invalid
from mainspring.core.security.password_rules import check_new_password


@dataclass
class Rules:
    """The default rules."""

    min_length: int = 8
    max_length: int = 128
    classes: Sequence[str] = ()


def problems(password: str, rules: Rules | None = None, *context: str, field: str = "password") -> list[dict[str, str]]:
    try:
        check_new_password(password, rules or Rules(), context=context, field=field)
    except Invalid as refused:
        return list(refused.details)
    return []


@pytest.mark.parametrize("password", ["73918264", "x" * 128, " " * 8, "пароль-пароль", "🔑" * 8, "correct horse battery staple"])
def test_any_characters_from_eight_to_128_are_accepted(password: str) -> None:
    assert problems(password) == []


@pytest.mark.parametrize(
    ("password", "message", "code"),
    [
        ("1234567", "Password must be at least 8 characters", "too_short"),
        ("", "Password must be at least 8 characters", "too_short"),
        ("🔑" * 7, "Password must be at least 8 characters", "too_short"),
        ("x" * 129, "Password must be at most 128 characters", "too_long"),
    ],
)
def test_the_length_counts_characters_not_bytes(password: str, message: str, code: str) -> None:
    assert problems(password, field="newPassword") == [{"field": "newPassword", "message": message, "code": code}]


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("lowercase", "an upper-case letter, a digit and a special character"),
        ("Lowercase1", "a special character"),
        ("UPPER-123", "a lower-case letter"),
        ("Straße-und", "a digit"),
    ],
)
def test_classes_by_setting_name_what_is_missing(password: str, missing: str) -> None:
    found = problems(password, Rules(classes=("lower", "upper", "digit", "special")))

    assert [problem["message"] for problem in found] == [f"Password must hold {missing}"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = problems("abc", Rules(classes=("digit",)))

    assert [problem["code"] for problem in found] == ["too_short", "classes"]


@pytest.mark.parametrize("password", ["ada.lovelace", "AdaLovelace1", "lovelace1815", "ada.lovelace@example.com", "example.com1"])
def test_a_password_made_of_name_or_address_is_refused(password: str) -> None:
    found = problems(password, None, "ada.lovelace@example.com", "Ada Lovelace")

    assert [problem["code"] for problem in found] == ["context"]


@pytest.mark.parametrize("password", ["lovelace and babbage 1843", "analytical engine", "ada-1815-notes"])
def test_a_password_that_merely_mentions_a_name_is_accepted(password: str) -> None:
    assert problems(password, None, "ada.lovelace@example.com", "Ada Lovelace") == []


def test_the_refusal_never_repeats_the_password() -> None:
    assert "hunter2" not in str(problems("hunter2", Rules(classes=("upper", "special"))))


@pytest.mark.parametrize("password", ["password", "12345678", "PassWord123", "iloveyou", "trustno1"])
def test_common_passwords_are_refused_in_any_case(password: str) -> None:
    told = {"field": "password", "message": "Password is one of the most common ones; choose another", "code": "common"}

    assert problems(password) == [told]


@pytest.mark.parametrize("password", ["correct horse battery staple", "iloveyou\ntrustno1", "\ud800" * 8])
def test_what_is_not_on_the_list_is_accepted(password: str) -> None:
    assert problems(password) == []
