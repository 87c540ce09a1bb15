"""Write or compare uv.lock and requirements.lock: both name public addresses and hashes, never a path of one machine."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
INDEX = "https://pypi.org/simple"
OF_ONE_MACHINE = re.compile(r"file:/|--find-links|--index-url|--extra-index-url|(?<![\w.])/(?:opt|home|root|tmp)/")
EXPORT = ["export", "--frozen", "--all-extras", "--group", "dev", "--no-emit-project", "--no-header", "--quiet"]


def write() -> None:
    """Resolve pyproject.toml again, keeping the versions that still fit."""
    _uv("lock", "--default-index", INDEX)
    _uv(*EXPORT, "--output-file", str(LOCK))


def complaints() -> list[str]:
    """What is wrong with the lock files; empty when they fit pyproject.toml and each other."""
    found = []
    if _uv("lock", "--check", "--default-index", INDEX, check=False).returncode:
        found.append("uv.lock does not fit pyproject.toml: run ./dev lock")
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "requirements.lock"
        _uv(*EXPORT, "--output-file", str(exported))
        if exported.read_text() != LOCK.read_text():
            found.append("requirements.lock is not what uv.lock exports: run ./dev lock")
    for path in (ROOT / "uv.lock", LOCK):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if OF_ONE_MACHINE.search(line):
                found.append(f"{path.name}:{number} names a place of one machine: {line.strip()}")
    return found


def _uv(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", "--no-config", *arguments]
    return subprocess.run(command, cwd=ROOT, check=check, text=True, capture_output=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        write()
    wrong = complaints()
    print("\n".join(wrong) or "lock files: equal, public, hashed")
    sys.exit(bool(wrong))
