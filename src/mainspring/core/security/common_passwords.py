"""The passwords that everybody tries first; none of them may be chosen (D-13, ASVS 6.2.4)."""

from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "password_list" / "common.txt"


def is_common(password: str) -> bool:
    """Whether the password, in any case, is on the list. The list holds passwords of 8 characters and more."""
    return "\n" not in password and f"\n{password.casefold()}\n".encode("utf-8", "surrogatepass") in _lines()


@cache
def _lines() -> bytes:
    # one block of bytes: a set of 15,000 strings costs ten times the memory, and searching this takes microseconds
    return b"\n" + LIST.read_bytes()
