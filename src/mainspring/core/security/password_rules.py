"""Which new passwords are accepted (R-053, R-054, D-13, ASVS 6.2). Rules hold for new ones only, never at login."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from ..errors import Invalid
from .common_passwords import is_common

SHORTEST_WORD = 4  # characters of a context word; shorter ones are in too many good passwords
LEAST_BESIDE = 5  # characters a password must have besides a context word

CLASSES = {
    "lower": ("a lower-case letter", str.islower),
    "upper": ("an upper-case letter", str.isupper),
    "digit": ("a digit", str.isdecimal),
    "special": ("a special character", lambda character: not character.isalnum()),
}


class PasswordRules(Protocol):
    """The rules in force, as `PASSWORD__...` sets them."""

    @property
    def min_length(self) -> int:
        """Fewest characters."""
        ...

    @property
    def max_length(self) -> int:
        """Most characters."""
        ...

    @property
    def classes(self) -> Sequence[str]:
        """Classes of characters that must occur."""
        ...


def check_new_password(password: str, rules: PasswordRules, *, context: Iterable[str] = (), field: str = "password") -> None:
    """Raise Invalid naming every rule that the password breaks. `context` holds words an attacker would try first: the
    e-mail address, the name, the service."""
    if len(password) > rules.max_length:  # nothing else is worth looking at
        raise Invalid(details=[_problem(field, f"Password must be at most {rules.max_length} characters", "too_long")])
    problems = []
    if len(password) < rules.min_length:
        problems.append(_problem(field, f"Password must be at least {rules.min_length} characters", "too_short"))
    if missing := [CLASSES[name][0] for name in rules.classes if not any(map(CLASSES[name][1], password))]:
        problems.append(_problem(field, f"Password must hold {_listed(missing)}", "classes"))
    if is_common(password):
        problems.append(_problem(field, "Password is one of the most common ones; choose another", "common"))
    if any(_is_little_more_than(password.casefold(), word) for word in _words(context)):
        problems.append(
            _problem(field, "Password must not be made of your name, your address or the name of this service", "context")
        )
    if problems:
        raise Invalid(details=problems)


def _problem(field: str, message: str, code: str) -> dict[str, str]:
    return {"field": field, "message": message, "code": code}


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _words(context: Iterable[str]) -> set[str]:
    """The words themselves, an address's part before the @ and its host, and each of their parts."""
    words = set()
    for text in context:
        folded = text.casefold()
        for part in (folded, *folded.split("@")):
            spaced = "".join(character if character.isalnum() else " " for character in part)
            words |= {part, spaced.replace(" ", ""), *spaced.split()}
    return {word for word in words if len(word) >= SHORTEST_WORD}


def _is_little_more_than(password: str, word: str) -> bool:
    return word in password and len(password) - len(word) < LEAST_BESIDE
