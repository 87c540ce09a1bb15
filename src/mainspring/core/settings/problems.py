"""What is wrong with the configuration, one plain sentence per name."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from ..module import BootRefused


class SettingsRefused(BootRefused):
    """The configuration cannot be used. `problems` holds every reason, one sentence each; none repeats a secret."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def sentence(name: str, error: ErrorDetails) -> str:
    """A validator's finding about the setting `name` in plain words, without the value."""
    return f"{name} {_predicate(error['type'], error.get('ctx', {}), error['msg'])}."


def _predicate(kind: str, limits: dict[str, Any], message: str) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "int_parsing" | "int_type" | "int_from_float":
            return "must be a whole number"
        case "float_parsing" | "float_type" | "finite_number":
            return "must be a number"
        case "bool_parsing" | "bool_type":
            return "must be on or off"
        case "literal_error" | "enum":
            return f"must be one of {limits['expected'].replace(chr(39), '').replace(' or ', ', ')}"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}"
        case "greater_than":
            return f"must be more than {limits['gt']}"
        case "less_than_equal":
            return f"must be at most {limits['le']}"
        case "less_than":
            return f"must be less than {limits['lt']}"
        case "string_too_short" | "too_short":
            return f"is shorter than {limits['min_length']}"
        case "string_too_long" | "too_long":
            return f"is longer than {limits['max_length']}"
        case "value_error":
            return str(limits["error"]).rstrip(".")
        case _:
            return f"is not accepted: {message[0].lower()}{message[1:]}"
