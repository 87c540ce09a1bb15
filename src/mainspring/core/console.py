"""What commands of the command line need: an application to work with, and a plain way to say what happened."""

import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from .application import Application

T = TypeVar("T")
COLOURS = {"good": "\x1b[32m", "bad": "\x1b[31m", "dim": "\x1b[2m", "bold": "\x1b[1m"}
PLAIN = "\x1b[0m"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def with_application(work: "Callable[[Application], Awaitable[T]]") -> T:
    """Start an application from the environment, let `work` use it, stop it, and return what `work` returned.

    The database is brought up to date first, where `serve` would do that. Raises BootRefused when it cannot start. Logs go
    to standard error, so that the output holds nothing but the answer.
    """
    import asyncio

    from .application import create_application
    from .database.migrate import bring_up_to_date
    from .errors import Unavailable
    from .module import BootRefused
    from .observability import configure_logs
    from .settings import load_settings

    settings = load_settings().model_copy(update={"log_sql": False})  # the SQL of one command tells nobody anything
    configure_logs(settings, 2)
    application = create_application(settings)

    async def run() -> T:
        await bring_up_to_date(application)
        try:
            await application.start()
        except Unavailable as problem:
            raise BootRefused(str(problem)) from None
        try:
            return await work(application)
        finally:
            await application.stop()

    return asyncio.run(run())


def say(text: str) -> None:
    """One line of output."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """A line for the person at the terminal; nothing when the output is piped."""
    if sys.stdout.isatty():
        say(coloured(text, "dim"))


def warn(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(f"{text}\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Aligned columns; piped, the same without headings and colour, so that every line is a row."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(_width(line[column]) for line in [list(headings), *lines]) for column in range(len(headings))]

    def aligned(cells: Sequence[str]) -> str:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
        return "  ".join(padded).rstrip()

    if sys.stdout.isatty():
        say(coloured(aligned(headings), "bold"))
    for line in lines:
        say(aligned(line))


def _width(text: str) -> int:
    """How many characters a person sees."""
    return len(COLOUR.sub("", text))


def coloured(text: str, colour: str) -> str:
    """The text in a colour, when a person looks at it and NO_COLOR is not set."""
    return f"{COLOURS[colour]}{text}{PLAIN}" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def progress(label: str, done: int, total: int) -> None:
    """A bar on standard error that draws over itself; nothing when nobody looks."""
    if sys.stderr.isatty():
        filled = 30 * done // max(total, 1)
        sys.stderr.write(f"\r{label:<24} [{'#' * filled}{'.' * (30 - filled)}] {done}/{total}{chr(10) if done >= total else ''}")
        sys.stderr.flush()
