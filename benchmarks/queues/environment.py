"""The environment in which the others run: made beside the project's own, from PyPI, when it is missing or out of date."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WANTED = Path(__file__).with_name("requirements.txt")
NAMES = ("procrastinate", "saq", "dbos", "psycopg", "redis")


def make_environment(folder: Path, *, anew: bool = False) -> Path:
    """Its Python. Raises SystemExit with a sentence when the packages cannot be installed."""
    python, stamp = folder / "bin" / "python", folder / "installed.txt"
    wanted = f"{sys.version}\n{WANTED.read_text()}"
    if not anew and stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"Installing the other job queues into {folder} ...", file=sys.stderr, flush=True)
    if uv := shutil.which("uv"):
        steps = [[uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
                 [uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(WANTED)]]  # fmt: skip
    else:
        steps = [[sys.executable, "-m", "venv", "--clear", str(folder)],
                 [str(python), "-m", "pip", "install", "--quiet", "-r", str(WANTED)]]  # fmt: skip
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"The other job queues were not installed: {done.stderr.strip()[-800:]}")
    stamp.write_text(wanted)
    return python


def versions(python: Path) -> dict[str, str]:
    """What was installed."""
    code = f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in {NAMES!r}}}))"
    found: dict[str, str] = json.loads(subprocess.run([str(python), "-c", code], capture_output=True, check=True).stdout)
    return found
