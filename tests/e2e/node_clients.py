"""Clients of npm packages: `npm ci` in a folder of tests once, then its scripts and programs run with node."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

INTEROP = Path(__file__).parents[1] / "interop"
CONTRACT = Path(__file__).parents[1] / "contract"  # heavy tools, apart so that the other clients are soon installed
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
NEEDED = 20  # the oldest node that the locked packages run on
INSTALL_SECONDS = 300
SCRIPT_SECONDS = 60


class NoNode(Exception):
    """node, npm or the packages are not to be had on this machine."""


class NodeClients:
    """The installed packages and the scripts that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def package(self, path: str) -> Path:
        """A file of an installed package: `package("@simplewebauthn/browser/package.json")`."""
        return self.folder / "node_modules" / path

    def run(self, script: str, *arguments: str, env: dict[str, str] | None = None, seconds: float = SCRIPT_SECONDS) -> Any:
        """What a script of the folder prints, read as JSON. Raises AssertionError with its output when it fails."""
        return json.loads(self.program("node", str(self.folder / script), *arguments, env=env, seconds=seconds))

    def tool(self, name: str, *arguments: str, seconds: float = SCRIPT_SECONDS) -> str:
        """What a program of an installed package prints. Raises AssertionError with its output when it fails."""
        return self.program(str(self.package(f".bin/{name}")), *arguments, env=QUIET, seconds=seconds)

    def program(self, *command: str, env: dict[str, str] | None = None, seconds: float = SCRIPT_SECONDS) -> str:
        """What a program prints that is run in the folder. Raises AssertionError with its output when it fails."""
        given = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | (env or {})
        done = subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def installed_clients(tell: Callable[[str], None], folder: Path = INTEROP) -> NodeClients:
    """The packages of package-lock.json, installed when they are not there yet; one process does it, the others wait."""
    check_node()
    where = f"tests/{folder.name}"
    stamp = folder / "node_modules" / ".installed"
    wanted = sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    with (folder / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            tell(f"installing the npm clients of {where} (npm ci) ...")
            _install(folder)
            stamp.write_text(wanted)
            tell(f"installed the npm clients of {where}")
    return NodeClients(folder)


def check_node() -> None:
    """Raises NoNode with a sentence when node or npm is missing or too old."""
    missing = [name for name in ("node", "npm") if not shutil.which(name)]
    if missing:
        raise NoNode(f"There is no {' and no '.join(missing)} on the PATH (node {NEEDED} or later, with npm).")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < NEEDED:
        raise NoNode(f"node is {version}; the clients need {NEEDED} or later.")


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise NoNode(f"npm ci could not install the clients of tests/{folder.name}: {' '.join(last)}")
