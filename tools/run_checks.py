"""`./dev check`: everything that can be refused without running a test, with the time that each took."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import architecture, audit, check_deployment, check_docs, lock_files, secret_scan  # noqa: E402


def command(*arguments: str) -> Callable[[], list[str]]:
    """A check that runs a program of this environment and complains with what it wrote."""

    def run() -> list[str]:
        program = Path(sys.executable).with_name(arguments[0])
        done = subprocess.run([program, *arguments[1:]], cwd=ROOT, text=True, capture_output=True)
        return [(done.stdout + done.stderr).strip()] if done.returncode else []

    return run


def rules() -> list[str]:
    """The rules of the floor plan that import-linter cannot express."""
    return [complaint for rule in architecture.RULES for complaint in rule(ROOT / "src" / "mainspring")]


CHECKS: dict[str, Callable[[], list[str]]] = {
    "format (ruff)": command("ruff", "format", "--check", "."),
    "lint (ruff)": command("ruff", "check", "."),
    "types (mypy strict)": command("mypy"),
    "imports (import-linter)": command("lint-imports"),
    "floor plan": rules,
    "lock files": lock_files.complaints,
    "installed packages": audit.complaints,
    "documentation": check_docs.complaints,
    "secrets in files": secret_scan.complaints,
    "deployment": check_deployment.complaints,
}


def main() -> int:
    """Run every check, also after one refused, and answer 1 when any did."""
    refused = 0
    for name, check in CHECKS.items():
        begun = time.monotonic()
        complaints = check()
        refused += bool(complaints)
        print(f"{'refused' if complaints else 'ok':8}{name:26}{time.monotonic() - begun:6.1f} s", flush=True)
        for complaint in complaints:
            print("    " + complaint.replace("\n", "\n    "))
    for sentence in check_deployment.left_out():
        print(f"left out: {sentence}")
    print(f"{len(CHECKS) - refused} checks ok, {refused} refused")
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main())
