"""Look for secrets in the files that git keeps (R-183): keys by their form, and random text that is assigned to a telling name.

What looks like one and is none stands in `KNOWN` below with a reason, by the fingerprint of its text, so that a real one beside
it is still found. A file that cannot be read is a complaint.
"""

import hashlib
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FORMS: dict[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/=]{24,}"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    "a Slack webhook": re.compile(r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}"),
    "a Stripe key": re.compile(r"\b(?:sk|rk)_live_[A-Za-z0-9]{16,}"),
    "a secret of a Stripe webhook": re.compile(r"\bwhsec_[A-Za-z0-9]{24,}"),
    "a Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "a Google secret": re.compile(r"\bGOCSPX-[A-Za-z0-9_-]{20,}"),
    "a SendGrid key": re.compile(r"\bSG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{36}"),
    "a PyPI token": re.compile(r"\bpypi-AgEI[A-Za-z0-9_-]{20,}"),
    "an OpenAI or Anthropic key": re.compile(r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    "an Azure key": re.compile(r"AccountKey=[A-Za-z0-9+/]{40,}"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
}
ASSIGNED = re.compile(
    r"""(?ix) \b[\w.-]*(?:secret|token|passw(?:or)?d|api_?key|private_?key|encryption_?key|credential)[\w.-]* ["']?
    \s*(?:=|:)\s* (?:["'](?P<quoted>[^"'\s]{20,200})["'] | (?P<bare>[A-Za-z0-9+/_=-]{24,200})(?![\w({.\[])\s*(?:\#.*)?$)"""
)
RANDOM_BITS = 3.7  # of entropy for each character: words have less, random base64 more, random hex of 32 characters about as much
LOCKS = re.compile(r"(?:^|/)(?:[\w-]+\.lock|package-lock\.json)$")  # hashes and nothing else, line by line
NOT_TEXT = frozenset((".png", ".ico", ".woff2", ".gz", ".jpg", ".sqlite"))
LARGEST = 5_000_000

KNOWN: dict[str, str] = {
    "33fc2668c56c9b11": "an example of a token against forged requests in the guide on accounts",
    "2e1815a05ab8ff08": "tests that start in production",
    "9ea34e9d0d498c9d": "tests that start in production",
    "ac6fe13da18773c7": "tests of settings that production accepts",
    "d83493e3b2d49d46": "tests of settings that production accepts",
    "d7ffdff0f858a681": "a test of a provider in production",
}


def complaints(root: Path = ROOT) -> list[str]:
    """What looks like a secret in the files that git keeps, one sentence each, without the secret."""
    try:
        names = kept_by_git(root)
    except (OSError, subprocess.CalledProcessError) as failure:
        return [f"git does not list the files, so they cannot be searched: {failure}"]
    found = [] if names else ["git lists no file, so nothing was searched"]
    for name in names:
        path = root / name
        if path.is_symlink() or path.suffix in NOT_TEXT or not path.exists():
            continue
        if path.stat().st_size > LARGEST:
            found.append(f"{name} is too large to be searched")
            continue
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as failure:
            found.append(f"{name} cannot be read, so it cannot be searched: {type(failure).__name__}")
            continue
        found += [f"{name}:{line} holds {what} ({print_of(value)})" for line, what, value in secrets_in(name, text)]
    return found


def kept_by_git(root: Path) -> list[str]:
    """The files that git keeps, and those that it would keep with the next `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    return [
        name for name in subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0") if name
    ]


def secrets_in(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    """The line, the kind and the text of whatever looks like a secret and is not known."""
    found = [(match.start(), what, match[0]) for what, form in FORMS.items() for match in form.finditer(text)]
    if not LOCKS.search(name):
        start = 0
        for line in text.splitlines(keepends=True):
            if len(line) < 2000:  # longer lines are programs that were packed
                found += [(start + at, "a random value", value) for at, value in assigned_in(line)]
            start += len(line)
    for at, what, value in sorted(found):
        if print_of(value) not in KNOWN:
            yield text.count("\n", 0, at) + 1, what, value


def assigned_in(line: str) -> Iterator[tuple[int, str]]:
    """Random values behind telling names."""
    for match in ASSIGNED.finditer(line):
        value = match["quoted"] or match["bare"]
        if is_random(value):
            yield match.start(), value


def is_random(value: str) -> bool:
    """Whether a text has letters, digits, and more disorder than words have."""
    if not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value) or re.search(r"[{}<>$ ]|\.\.\.|://", value):
        return False
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values()) >= RANDOM_BITS


def print_of(text: str) -> str:
    """What names a text without showing it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


if __name__ == "__main__":
    told = complaints()
    print("\n".join(told) or "no file holds what looks like a secret")
    sys.exit(bool(told))
