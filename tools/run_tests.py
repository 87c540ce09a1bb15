"""`./dev test`: every kind of test on both databases, in as many processes as the machine has cores."""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = {
    "unit": ["tests/unit", "tests/architecture"],
    "integration": ["tests/integration"],
    "security": ["tests/security"],
    "plugins": ["tests/plugins"],
    "e2e": ["tests/e2e"],
    "load": ["tests/load"],
}
EVERY_DAY = ("unit", "integration", "security", "plugins", "e2e")


def main() -> None:
    """Hand over to pytest; options that are not ours are pytest's."""
    parser = argparse.ArgumentParser(prog="./dev test", description=__doc__, epilog="Every other option goes to pytest.")
    parser.add_argument("--kind", action="append", choices=[*KINDS], help="only this kind; may be given several times")
    parser.add_argument("--slow", action="store_true", help="the tests marked slow too")
    parser.add_argument("--full", action="store_true", help="guarantees at their full size too; needs a calm machine")
    parser.add_argument("--coverage", action="store_true", help="measure coverage and fail under 90 percent")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="test processes (default: one a core)")
    ours, theirs = parser.parse_known_args()

    os.chdir(ROOT)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [sys.executable, "-m", "pytest", "-q"]
    if not any(not argument.startswith("-") and Path(argument.partition("::")[0]).exists() for argument in theirs):
        command += folders(ours.kind or EVERY_DAY)
    if ours.processes > 1 and not {"-n", "--pdb", "-s"} & set(theirs):
        command += ["-n", str(ours.processes), "--dist", "worksteal"]
    if ours.slow or "load" in (ours.kind or ()):
        command.append("--slow")
    if ours.full:
        command.append("--full")
    if ours.coverage:
        if sys.version_info >= (3, 12):
            os.environ.setdefault("COVERAGE_CORE", "sysmon")  # half the cost
        command += ["--cov", "--cov-report=term:skip-covered", "--cov-report=html", "--cov-fail-under=90"]
    os.execv(sys.executable, [*command, *theirs])


def folders(kinds: "list[str] | tuple[str, ...]") -> list[str]:
    """The folders of these kinds that hold a test."""
    return [path for kind in kinds for path in KINDS[kind] if any((ROOT / path).rglob("test_*.py"))]


if __name__ == "__main__":
    main()
