"""The figures of every process of the machine as one: living ones, and what those that ended had counted."""

import os
from collections.abc import Iterable
from pathlib import Path

from .cells import SUFFIX, Cells, Key, contents, entries, is_alive, locked
from .instruments import BOOK

FOLDER = "metrics"
MOST_DEAD = 16

Figures = dict[Key, list[float]]


def empty(folder: Path) -> None:
    """Forget what processes counted that have ended. For the supervisor, once, before any worker starts."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        for path in _files(folder):
            if not is_alive(path):
                path.unlink(missing_ok=True)


def figures(folder: Path) -> Figures:
    """Every series of the machine. Counters and histograms add up; of gauges only living processes count."""
    merged: Figures = {}
    mine = BOOK.cells.path
    _add(merged, BOOK.cells.read(), os.getpid(), is_living=True)
    if not folder.is_dir():
        return merged
    dead = []
    with locked(folder):
        for path in _files(folder):
            if path == mine:
                continue
            if is_living := is_alive(path):
                process = int(path.name.partition("-")[0])
            else:
                dead.append(path)
                process = 0
            _add(merged, entries(contents(path)), process, is_living=is_living)
        if len(dead) > MOST_DEAD:
            _fold(folder, dead)
    return merged


def _add(merged: Figures, series: Iterable[tuple[Key, list[float]]], process: int, *, is_living: bool) -> None:
    for key, values in series:
        if key.kind == "gauge":
            if not is_living:
                continue
            if key.across == "each":
                labels = (*key.labels, ("process", str(process)))
                key = Key(key.name, key.kind, key.text, labels, key.across)
        before = merged.get(key)
        if before is None:
            merged[key] = values
        elif key.across == "max":
            merged[key] = list(map(max, before, values))
        else:
            merged[key] = [one + other for one, other in zip(before, values, strict=True)]


def _fold(folder: Path, dead: list[Path]) -> None:
    """Make one file of many, so that a worker that dies again and again does not fill the folder."""
    sums: Figures = {}
    for path in dead:
        _add(sums, entries(contents(path)), 0, is_living=False)
    folded = Cells(folder)
    for key, values in sums.items():
        at = folded.add(key, len(values))
        for offset, value in enumerate(values):
            folded.values[at + offset] = value
    for path in dead:
        path.unlink(missing_ok=True)
    folded.close()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{SUFFIX}"))
