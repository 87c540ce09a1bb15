"""What a look at an installation finds."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["wrong", "advice"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a sentence, and what to do about it in another. No secret stands in either.

    `wrong` makes `mainspring doctor` end with 1; `advice` does not.
    """

    sentence: str
    cure: str
    severity: Severity = "wrong"


def advice(sentence: str, cure: str) -> Finding:
    """Something that may well be meant."""
    return Finding(sentence, cure, "advice")
