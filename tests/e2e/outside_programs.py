"""Programs of PyPI that look at us from outside, in .venv-outside, which is made from tools/outside.lock at the first use."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "tools" / "outside.lock"
HOME = ROOT / ".venv-outside"
CONFIGURED = ROOT / "tests" / "outside"
INSTALL_SECONDS = 600


class NoProgram(Exception):
    """A program is not to be had on this machine."""


class Outside:
    """The installed programs."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def python(self) -> str:
        """The interpreter of the environment."""
        return str(self._home / "bin" / "python")

    @property
    def generator(self) -> Path:
        """The jar of openapi-generator."""
        return next(self._home.glob("lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar"))

    def run(
        self, *command: str, folder: Path, env: dict[str, str] | None = None, seconds: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment, or of the machine, in a folder; how it ended and what it printed."""
        given = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        given["PATH"] = os.pathsep.join((str(self._home / "bin"), os.environ.get("PATH", "")))
        return subprocess.run(command, cwd=folder, env=given | (env or {}), capture_output=True, text=True, timeout=seconds)

    def done(self, *command: str, folder: Path, env: dict[str, str] | None = None, seconds: float = 300) -> str:
        """What a program prints. Raises AssertionError with its output when it fails."""
        ended = self.run(*command, folder=folder, env=env, seconds=seconds)
        assert ended.returncode == 0, f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout


def installed_programs(tell: Callable[[str], None]) -> Outside:
    """The programs of the lock file, installed when they are not there yet; one process does it, the others wait."""
    mark = HOME / "installed.lock"
    with (CONFIGURED / ".installing").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_bytes() != LOCK.read_bytes():
            tell(f"installing the programs of {LOCK.relative_to(ROOT)} ...")
            _install()
            shutil.copyfile(LOCK, mark)
            tell(f"installed the programs of {LOCK.relative_to(ROOT)}")
    return Outside(HOME)


def check_java() -> None:
    """Raises NoProgram with a sentence when there is no Java."""
    if shutil.which("java") is None:
        raise NoProgram("There is no java on the PATH (Debian: apt-get install default-jre-headless).")


def _install() -> None:
    uv = [sys.executable, "-m", "uv"]
    python = str(HOME / "bin" / "python")
    for command in (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)],
        [*uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes", "--requirement", str(LOCK)],
    ):
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=INSTALL_SECONDS)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise NoProgram(f"The programs of {LOCK.relative_to(ROOT)} could not be installed: {' '.join(last)}")
