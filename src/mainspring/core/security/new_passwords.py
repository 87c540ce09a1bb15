"""The gate for new passwords: the rules, words of this installation, and a file of breached ones where there is one (D-13)."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from ..errors import Invalid
from .breach_file import BreachFile
from .password_rules import PasswordRules, check_new_password


class NewPasswords:
    """Every door that takes a new password asks here. `words` are refused as passwords, beside those about the user."""

    def __init__(self, rules: PasswordRules, words: Iterable[str] = (), breach_file: Path | None = None) -> None:
        self.rules, self.words = rules, tuple(words)
        self.breaches = None if breach_file is None else BreachFile(breach_file)

    async def check(self, password: str, *, about: Iterable[str], field: str = "password") -> None:
        """Raise Invalid naming every rule that the password breaks. `about` holds the user's address and name."""
        check_new_password(password, self.rules, context=(*about, *self.words), field=field)
        if self.breaches is not None and await asyncio.to_thread(self.breaches.knows, password):
            told = "Password is known from a breach of another service; choose another"
            raise Invalid(details=[{"field": field, "message": told, "code": "breached"}])
