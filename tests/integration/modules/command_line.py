"""The command line in this process, on the database of a test."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mainspring.entrypoints import cli
from mainspring.testing.databases import environment_of_tests

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Said:
    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Awaitable[Said]]


def live_in(folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands find this database, files of their own, and nothing else of the environment."""
    for name in [name for name in os.environ if name not in KEPT]:
        monkeypatch.delenv(name)
    settings: Mapping[str, str] = {"DATABASE_URL": database_url, "DATA_DIR": str(folder / "cli")}
    for name, value in (environment_of_tests() | settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)


def command(name: str, captured: Any) -> Command:
    """Runs `mainspring NAME ...`; `captured` is pytest's capsys or capfdbinary."""

    async def run(*arguments: str) -> Said:
        code = await asyncio.to_thread(cli.run, [name, *arguments])  # it has an event loop of its own
        out, err = (text if isinstance(text, str) else text.decode() for text in captured.readouterr())
        return Said(code, out, err)

    return run
