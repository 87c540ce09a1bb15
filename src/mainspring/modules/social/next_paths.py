"""Where a browser goes after it signed in: a path of our own site, whatever somebody put into a link (ASVS 3.7.2)."""

import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode

LONGEST = 1000
ROUNDS = 3  # of decoding; what is still encoded then was meant to hide something
PLAIN = re.compile(r"/[!$&'()*+,\-./0-9:;=?@A-Z_a-z~%]*")
OURS = frozenset(("code", "error", "linked"))


def is_own_path(text: str) -> bool:
    """Whether the text is a path below our own origin, also after a careless program decoded it.

    No host, no scheme, no backslash, no control character, no step upwards, no fragment, and no parameter that we add ourselves.
    """
    if len(text) > LONGEST or not PLAIN.fullmatch(text):
        return False
    path, _, query = text.partition("?")
    if not OURS.isdisjoint(name for name, _ in parse_qsl(query, keep_blank_values=True)) or _has_controls(unquote(query)):
        return False
    for _ in range(ROUNDS):
        if not _is_plain(path):
            return False
        decoded = unquote(path)
        if decoded == path:
            return True
        path = decoded
    return False


def with_outcome(base: str, path: str, outcome: dict[str, str]) -> str:
    """The whole address of the path, with the outcome as parameters."""
    return f"{base}{path}{'&' if '?' in path else '?'}{urlencode(outcome)}" if outcome else f"{base}{path}"


def _is_plain(path: str) -> bool:
    segments = path.split("/")
    steps = "//" in path or "\\" in path or ".." in segments or "." in segments
    return path.startswith("/") and not steps and not _has_controls(path)


def _has_controls(text: str) -> bool:
    """Or bytes that are no text."""
    return any(sign == "\ufffd" or unicodedata.category(sign)[0] == "C" for sign in text)
