"""Every validation rule in plain words (R-137, R-339, D-50)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    UUID4,
    AnyUrl,
    AwareDatetime,
    BaseModel,
    Field,
    FutureDate,
    FutureDatetime,
    HttpUrl,
    Json,
    NaiveDatetime,
    PastDate,
    PastDatetime,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from mainspring.core.http import Schema, messages
from mainspring.core.http.messages import CATALOGUE, describe, field_path, label_of, override

SECRET = "hunter2-secret"  # sent wherever a text can be sent; no message may repeat it


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]

# rule: (type, value sent, message)
RULES: dict[str, tuple[Any, Any, str]] = {
    "string_type": (str, 1, "First name must be text"),
    "string_too_short": (Annotated[str, Field(min_length=8)], "x", "First name must be at least 8 characters"),
    "string_too_long": (Annotated[str, Field(max_length=3)], SECRET, "First name must be at most 3 characters"),
    "string_pattern_mismatch": (Annotated[str, Field(pattern="^[a-z]$")], SECRET, "First name has the wrong form"),
    "string_unicode": (str, b"\xff", "First name must be valid Unicode text"),
    "int_type": (int, [], "First name must be a whole number"),
    "int_parsing": (int, SECRET, "First name must be a whole number"),
    "int_parsing_size": (int, "9" * 5000, "First name is too large a number"),
    "int_from_float": (int, 1.5, "First name must be a whole number"),
    "float_type": (float, [], "First name must be a number"),
    "float_parsing": (float, SECRET, "First name must be a number"),
    "finite_number": (Annotated[float, Field(allow_inf_nan=False)], float("inf"), "First name must be a finite number"),
    "decimal_type": (Decimal, [], "First name must be a decimal number"),
    "decimal_parsing": (Decimal, SECRET, "First name must be a decimal number"),
    "decimal_max_digits": (Annotated[Decimal, Field(max_digits=2)], "123", "First name must have at most 2 digits"),
    "decimal_max_places": (Annotated[Decimal, Field(decimal_places=1)], "1.23", "First name must have at most 1 decimal places"),
    "decimal_whole_digits": (
        Annotated[Decimal, Field(max_digits=3, decimal_places=2)],
        "12.3",
        "First name must have at most 1 digits before the decimal point",
    ),
    "bool_type": (bool, [], "First name must be true or false"),
    "bool_parsing": (bool, SECRET, "First name must be true or false"),
    "greater_than": (Annotated[int, Field(gt=3)], 3, "First name must be greater than 3"),
    "greater_than_equal": (Annotated[int, Field(ge=3)], 2, "First name must be at least 3"),
    "less_than": (Annotated[int, Field(lt=3)], 3, "First name must be less than 3"),
    "less_than_equal": (Annotated[int, Field(le=3)], 4, "First name must be at most 3"),
    "multiple_of": (Annotated[int, Field(multiple_of=5)], 4, "First name must be a multiple of 5"),
    "too_short": (Annotated[list[int], Field(min_length=2)], [1], "First name must have at least 2 entries"),
    "too_long": (Annotated[list[int], Field(max_length=1)], [1, 2], "First name must have at most 1 entries"),
    "list_type": (list[int], SECRET, "First name must be a list"),
    "tuple_type": (tuple[int, ...], SECRET, "First name must be a list"),
    "set_type": (set[int], SECRET, "First name must be a list"),
    "frozen_set_type": (frozenset[int], SECRET, "First name must be a list"),
    "dict_type": (dict[str, int], SECRET, "First name must be an object"),
    "model_type": (Cat, SECRET, "First name must be an object"),
    "none_required": (None, SECRET, "First name must be empty"),
    "enum": (Colour, SECRET, "First name must be one of 'red' or 'blue'"),
    "literal_error": (Literal["a", "b"], SECRET, "First name must be one of 'a' or 'b'"),
    "union_tag_invalid": (Pet, {"kind": SECRET}, "First name must be one of 'cat', 'dog'"),
    "union_tag_not_found": (Pet, {}, "First name does not say which kind it is"),
    "uuid_type": (UUID, 1, "First name must be an id"),
    "uuid_parsing": (UUID, SECRET, "First name must be an id"),
    "uuid_version": (UUID4, "00000000-0000-7000-8000-000000000000", "First name must be an id of version 4"),
    "datetime_type": (datetime, [], "First name must be a date and time such as 2026-01-31T12:00:00Z"),
    "datetime_from_date_parsing": (datetime, SECRET, "First name must be a date and time such as 2026-01-31T12:00:00Z"),
    "datetime_past": (PastDatetime, "2999-01-01T00:00:00Z", "First name must lie in the past"),
    "datetime_future": (FutureDatetime, "1999-01-01T00:00:00Z", "First name must lie in the future"),
    "timezone_aware": (AwareDatetime, "2026-01-01T00:00:00", "First name must name its time zone"),
    "timezone_naive": (NaiveDatetime, "2026-01-01T00:00:00Z", "First name must not name a time zone"),
    "date_type": (date, [], "First name must be a date such as 2026-01-31"),
    "date_from_datetime_parsing": (date, SECRET, "First name must be a date such as 2026-01-31"),
    "date_from_datetime_inexact": (date, datetime(2026, 1, 1, 5, tzinfo=UTC), "First name must be a date without a time"),
    "date_past": (PastDate, "2999-01-01", "First name must lie in the past"),
    "date_future": (FutureDate, "1999-01-01", "First name must lie in the future"),
    "time_type": (time, [], "First name must be a time such as 12:00:00"),
    "time_parsing": (time, SECRET, "First name must be a time such as 12:00:00"),
    "time_delta_type": (timedelta, [], "First name must be a duration"),
    "time_delta_parsing": (timedelta, SECRET, "First name must be a duration"),
    "url_type": (AnyUrl, 1, "First name must be a web address"),
    "url_parsing": (AnyUrl, SECRET, "First name must be a web address"),
    "url_too_long": (HttpUrl, "https://example.com/" + SECRET * 200, "First name must be at most 2083 characters"),
    "url_scheme": (HttpUrl, "ftp://example.com", "First name must start with 'http' or 'https'"),
    "bytes_type": (bytes, 1, "First name must be bytes"),
    "bytes_too_short": (Annotated[bytes, Field(min_length=3)], "x", "First name must be at least 3 bytes"),
    "bytes_too_long": (Annotated[bytes, Field(max_length=3)], SECRET, "First name must be at most 3 bytes"),
    "json_invalid": (Json[int], SECRET, "First name must be JSON"),
    "json_type": (Json[int], 1, "First name must be JSON"),
}


def errors_of(kind: Any, value: Any) -> list[ErrorDetails]:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as problem:
        return problem.errors(include_url=False)
    raise AssertionError("this should have been refused")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_speaks_plainly_and_never_repeats_the_input(rule: str) -> None:
    kind, value, message = RULES[rule]

    errors = [{**error, "loc": ("body", "firstName")} for error in errors_of(kind, value)]

    assert describe(errors) == [{"field": "firstName", "message": message, "code": rule}]
    assert SECRET not in str(describe(errors))


def test_missing_and_unknown_fields_are_named() -> None:
    class Person(Schema):
        first_name: str

    errors = describe(errors_of(Person, {"lastName": SECRET}))

    assert errors == [
        {"field": "firstName", "message": "First name is required", "code": "missing"},
        {"field": "lastName", "message": "Last name is not a known field", "code": "extra_forbidden"},
    ]


def test_the_rules_of_the_catalogue_are_rules_of_the_validator() -> None:
    import typing

    from pydantic_core import core_schema

    ours = {"nul", "repeated"}
    assert set(CATALOGUE) - ours <= set(typing.get_args(core_schema.ErrorType))


@pytest.mark.parametrize("rule", sorted(CATALOGUE))
def test_every_rule_of_the_catalogue_has_words_for_every_field(rule: str) -> None:
    context = dict.fromkeys(re_names(CATALOGUE[rule]), 1)

    message = messages.message_for(rule, "Name", {"ctx": context, "msg": SECRET})

    assert message.startswith("Name ")
    assert SECRET not in message


def re_names(words: str) -> list[str]:
    import string

    return [name for _, name, _, _ in string.Formatter().parse(words) if name and name != "field"]


def test_a_validator_of_our_own_brings_its_words() -> None:
    def refuse(value: str) -> str:
        raise ValueError("Name must not be a palindrome")

    from pydantic import AfterValidator

    errors = describe(errors_of(Annotated[str, AfterValidator(refuse)], "anna"))

    assert errors[0]["message"] == "Name must not be a palindrome"


def test_a_custom_error_brings_its_words() -> None:
    def refuse(value: str) -> str:
        raise PydanticCustomError("too_common", "This password is too common")

    from pydantic import AfterValidator

    assert describe(errors_of(Annotated[str, AfterValidator(refuse)], "x"))[0]["message"] == "This password is too common"


@pytest.fixture
def catalogue() -> Iterator[None]:
    before = dict(CATALOGUE)
    yield
    CATALOGUE.clear()
    CATALOGUE.update(before)


def test_words_can_be_replaced(catalogue: None) -> None:
    override({"missing": "Bitte {field} angeben"})

    assert describe([{"type": "missing", "loc": ("body", "name"), "msg": ""}])[0]["message"] == "Bitte Name angeben"
    with pytest.raises(ValueError, match="no validation rule is named mising"):
        override({"mising": "x"})


@pytest.mark.parametrize(
    ("location", "path", "label"),
    [
        (("body", "items", 0, "unitPrice"), "items.0.unitPrice", "Unit price"),
        (("query", "limit"), "limit", "Limit"),
        (("body",), "body", "Body"),
        (("path", "userId"), "userId", "User id"),
        (("header", "x-api-key"), "x-api-key", "X api key"),
        ((0,), "0", "Value"),
    ],
)
def test_a_field_is_named_by_its_path_and_in_words(location: Any, path: str, label: str) -> None:
    assert (field_path(location), label_of(location)) == (path, label)


def test_an_empty_text_reads_as_a_missing_one() -> None:
    error = {"type": "string_too_short", "loc": ("body", "name"), "ctx": {"min_length": 1}}

    assert describe([error]) == [{"field": "name", "message": "Name is required", "code": "string_too_short"}]
