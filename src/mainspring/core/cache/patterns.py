"""Patterns of keys as Redis understands them: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and a backslash before one of these."""

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def pattern_of(glob: str) -> re.Pattern[str]:
    """A regular expression that finds what the pattern finds."""
    found, at = [], 0
    while at < len(glob):
        char = glob[at]
        at += 1
        if char == "*":
            found.append(".*")
        elif char == "?":
            found.append(".")
        elif char == "[" and (end := glob.find("]", at + 1)) > 0:
            inner = glob[at:end]
            negated = inner.startswith("^")
            inner = inner[1:] if negated else inner
            found.append(f"[{'^' if negated else ''}{_inner(inner)}]")
            at = end + 1
        else:
            if char == "\\" and at < len(glob):
                char = glob[at]
                at += 1
            found.append(re.escape(char))
    return re.compile("".join(found), re.DOTALL)


def _inner(text: str) -> str:
    return re.sub(r"([\\\[\]^&|~])", r"\\\1", text)


def literal(text: str) -> str:
    """A pattern that finds this text alone."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", text)
