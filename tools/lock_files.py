"""Write or compare uv.lock and what is exported from it: public addresses and hashes, never a path of one machine."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
INDEX = "https://pypi.org/simple"
OF_ONE_MACHINE = re.compile(r"file:/|--find-links|--index-url|--extra-index-url|(?<![\w.])/(?:opt|home|root|tmp)/")
EXPORTS = {
    LOCK: ("--all-extras", "--group", "dev"),
    ROOT / "deploy" / "docker" / "requirements.lock": ("--extra", "all", "--no-dev"),  # what the image runs
    ROOT / "deploy" / "docker" / "build.lock": ("--only-group", "build"),  # what builds its wheel
}
APART = [  # their hundred packages must not decide the versions of ours
    ROOT / "tools" / "linters.lock",  # of .venv-linters, for ./dev check
    ROOT / "tools" / "outside.lock",  # of .venv-outside, for tests that look at us from outside
]


def write() -> None:
    """Resolve pyproject.toml again, keeping the versions that still fit."""
    _uv("lock", "--default-index", INDEX)
    for path, choice in EXPORTS.items():
        _export(path, choice)
    asked = ["--generate-hashes", "--universal", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]
    for lock in APART:
        source = str(lock.with_suffix(".in").relative_to(ROOT))
        _uv("pip", "compile", *asked, "--default-index", INDEX, "--output-file", str(lock), source)


def complaints() -> list[str]:
    """What is wrong with the lock files; empty when they fit pyproject.toml and each other."""
    found = []
    if _uv("lock", "--check", "--default-index", INDEX, check=False).returncode:
        found.append("uv.lock does not fit pyproject.toml: run ./dev lock")
    with tempfile.TemporaryDirectory() as folder:
        for path, choice in EXPORTS.items():
            exported = Path(folder) / path.name
            _export(exported, choice)
            if exported.read_text() != path.read_text():
                found.append(f"{path.relative_to(ROOT)} is not what uv.lock exports: run ./dev lock")
    for path in (ROOT / "uv.lock", *EXPORTS, *APART):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if OF_ONE_MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number} names a place of one machine: {line.strip()}")
    return found


def _export(path: Path, choice: "tuple[str, ...]") -> None:
    _uv("export", "--frozen", *choice, "--no-emit-project", "--no-header", "--quiet", "--output-file", str(path))


def _uv(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", "--no-config", *arguments]
    return subprocess.run(command, cwd=ROOT, check=check, text=True, capture_output=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write()
    wrong = complaints()
    print("\n".join(wrong) or "lock files: equal, public, hashed")
    sys.exit(bool(wrong))
