"""Files that hold secrets and can be read by others."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..settings.secrets import KEYS
from .finding import Finding, advice
from .patient import Patient

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def about_data_dir(patient: Patient) -> list[Finding]:
    """DATA_DIR: it is there, it can be written, and only its owner reads keys."""
    folder = patient.settings.data_dir
    if not folder.is_dir():
        return [Finding(f"DATA_DIR {folder} is not there.", "Start the program once, or make the folder with mode 0700.")]
    found = [
        Finding(f"{path} can be read by others.", f"chmod {0o700 if path.is_dir() else 0o600:o} {path}")
        for path in _secret_files(folder)
        if _mode(path) & OTHERS
    ]
    if (owner := folder.stat().st_uid) != os.geteuid():
        sentence = f"DATA_DIR belongs to the user {owner}, and this runs as {os.geteuid()}: what is made now may shut it out."
        found.append(advice(sentence, "Run commands as the user that the program runs as."))
    if _mode(folder) & stat.S_IWOTH:
        found.append(Finding(f"Everybody on this machine can write to DATA_DIR {folder}.", f"chmod 700 {folder}"))
    return found


def about_env_files(patient: Patient) -> list[Finding]:
    """`.env` files beside the program."""
    names = (".env", ".env.local", f".env.{patient.settings.app_env}")
    paths = [patient.folder / name for name in names]
    return [
        Finding(f"{path} can be read by everybody on this machine.", f"chmod 600 {path}")
        for path in paths
        if path.is_file() and _mode(path) & stat.S_IRWXO
    ]


def _secret_files(data_dir: Path) -> Iterator[Path]:
    folder = data_dir / KEYS
    if folder.is_dir():
        yield folder
        yield from sorted(path for path in folder.iterdir() if path.is_file())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
