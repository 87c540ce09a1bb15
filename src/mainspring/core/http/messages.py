"""The plain words of every validation rule (R-137, R-160, R-339).

One catalogue, by the validator's error type. `override` replaces words, `describe` makes `{field, message, code}` of raw errors.
The input is never part of a message (D-50).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

CATALOGUE: dict[str, str] = {
    "missing": "{field} is required",
    "extra_forbidden": "{field} is not a known field",
    "repeated": "{field} must be given only once",
    "nul": "{field} must not contain the character NUL",
    "string_type": "{field} must be text",
    "string_too_short": "{field} must be at least {min_length} characters",
    "string_too_long": "{field} must be at most {max_length} characters",
    "string_pattern_mismatch": "{field} has the wrong form",
    "string_unicode": "{field} must be valid Unicode text",
    "int_type": "{field} must be a whole number",
    "int_parsing": "{field} must be a whole number",
    "int_parsing_size": "{field} is too large a number",
    "int_from_float": "{field} must be a whole number",
    "float_type": "{field} must be a number",
    "float_parsing": "{field} must be a number",
    "finite_number": "{field} must be a finite number",
    "decimal_type": "{field} must be a decimal number",
    "decimal_parsing": "{field} must be a decimal number",
    "decimal_max_digits": "{field} must have at most {max_digits} digits",
    "decimal_max_places": "{field} must have at most {decimal_places} decimal places",
    "decimal_whole_digits": "{field} must have at most {whole_digits} digits before the decimal point",
    "bool_type": "{field} must be true or false",
    "bool_parsing": "{field} must be true or false",
    "greater_than": "{field} must be greater than {gt}",
    "greater_than_equal": "{field} must be at least {ge}",
    "less_than": "{field} must be less than {lt}",
    "less_than_equal": "{field} must be at most {le}",
    "multiple_of": "{field} must be a multiple of {multiple_of}",
    "too_short": "{field} must have at least {min_length} entries",
    "too_long": "{field} must have at most {max_length} entries",
    "list_type": "{field} must be a list",
    "tuple_type": "{field} must be a list",
    "set_type": "{field} must be a list",
    "frozen_set_type": "{field} must be a list",
    "dict_type": "{field} must be an object",
    "mapping_type": "{field} must be an object",
    "model_type": "{field} must be an object",
    "model_attributes_type": "{field} must be an object",
    "dataclass_type": "{field} must be an object",
    "invalid_key": "{field} must have text as its keys",
    "none_required": "{field} must be empty",
    "enum": "{field} must be one of {expected}",
    "literal_error": "{field} must be one of {expected}",
    "union_tag_invalid": "{field} must be one of {expected_tags}",
    "union_tag_not_found": "{field} does not say which kind it is",
    "uuid_type": "{field} must be an id",
    "uuid_parsing": "{field} must be an id",
    "uuid_version": "{field} must be an id of version {expected_version}",
    "datetime_type": "{field} must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_parsing": "{field} must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_from_date_parsing": "{field} must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_object_invalid": "{field} must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_past": "{field} must lie in the past",
    "datetime_future": "{field} must lie in the future",
    "timezone_aware": "{field} must name its time zone",
    "timezone_naive": "{field} must not name a time zone",
    "timezone_offset": "{field} must be in the time zone {tz_expected}",
    "date_type": "{field} must be a date such as 2026-01-31",
    "date_parsing": "{field} must be a date such as 2026-01-31",
    "date_from_datetime_parsing": "{field} must be a date such as 2026-01-31",
    "date_from_datetime_inexact": "{field} must be a date without a time",
    "date_past": "{field} must lie in the past",
    "date_future": "{field} must lie in the future",
    "time_type": "{field} must be a time such as 12:00:00",
    "time_parsing": "{field} must be a time such as 12:00:00",
    "time_delta_type": "{field} must be a duration",
    "time_delta_parsing": "{field} must be a duration",
    "url_type": "{field} must be a web address",
    "url_parsing": "{field} must be a web address",
    "url_syntax_violation": "{field} must be a web address",
    "url_too_long": "{field} must be at most {max_length} characters",
    "url_scheme": "{field} must start with {expected_schemes}",
    "bytes_type": "{field} must be bytes",
    "bytes_too_short": "{field} must be at least {min_length} bytes",
    "bytes_too_long": "{field} must be at most {max_length} bytes",
    "bytes_invalid_encoding": "{field} is not encoded as expected",
    "value_error": "{field} is not valid",
    "assertion_error": "{field} is not valid",
    "json_invalid": "{field} must be JSON",
    "json_type": "{field} must be JSON",
}

LONGEST_NAME = 64  # an unknown field is named by its sender
FALLBACK = "{field} is not valid"

_SOURCES = frozenset(("body", "query", "path", "header", "cookie"))
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_|-")


def override(words: Mapping[str, str]) -> None:
    """Replace the words of rules, for instance `{"missing": "Please fill in {field}"}`. Raises ValueError for an unknown rule."""
    unknown = sorted(words.keys() - CATALOGUE.keys())
    if unknown:
        raise ValueError(f"no validation rule is named {', '.join(unknown)}")
    CATALOGUE.update(words)


def describe(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The errors of a validation as `{field, message, code}`, one for each field and rule."""
    described: dict[tuple[str, str], dict[str, str]] = {}
    for error in errors:
        field = field_path(error["loc"])
        code = error["type"]
        entry = {"field": field, "message": message_for(code, label_of(error["loc"]), error), "code": code}
        described.setdefault((field, code), entry)
    return list(described.values())


def message_for(code: str, label: str, error: Mapping[str, Any]) -> str:
    """The words for one error. A validator of ours (a code that pydantic does not know) brings its own."""
    if code == "string_too_short" and (error.get("ctx") or {}).get("min_length") == 1:
        code = "missing"  # an empty text is what a form sends for a field nobody filled in
    words = CATALOGUE.get(code)
    if words is None:
        own = str(error.get("msg") or "")
        return own or FALLBACK.format(field=label)
    if code == "value_error":
        reason = (error.get("ctx") or {}).get("error")
        if isinstance(reason, ValueError) and reason.args and type(reason.args[0]) is str:
            return reason.args[0]
    try:
        return words.format(field=label, **(error.get("ctx") or {}))
    except (KeyError, IndexError):
        return FALLBACK.format(field=label)


def field_path(location: Iterable[int | str]) -> str:
    """`items.0.quantity` of `("body", "items", 0, "quantity")`; the source alone when the whole of it is wrong."""
    parts = [str(part)[:LONGEST_NAME] for part in location]
    if len(parts) > 1 and parts[0] in _SOURCES:
        parts = parts[1:]
    return ".".join(parts)


def label_of(location: Iterable[int | str]) -> str:
    """The field in words: `firstName` becomes "First name"."""
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return "Value"
    words = _WORD_BORDER.sub(" ", names[-1][:LONGEST_NAME]).lower().strip()
    return (words[:1].upper() + words[1:]) or "Value"
