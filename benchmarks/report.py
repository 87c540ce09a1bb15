"""Medians, ratios and floors, as a plain table and as JSON."""

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from .load import Window

CEILING_LISTS, CEILING_CREATES = 6_000, 3_700


@dataclass
class Measured:
    """Everything seen of one subject on one database with so many workers, a value per round."""

    database: str
    workers: int
    subject: str
    lists: list[Window] = field(default_factory=list)
    creates: list[Window] = field(default_factory=list)
    cold_starts: list[float] = field(default_factory=list)
    idle_memory: list[list[float]] = field(default_factory=list)
    loaded_memory: list[list[float]] = field(default_factory=list)

    def middle(self, deed: str, name: str) -> float:
        """The median of one figure over the rounds."""
        return float(median(getattr(window, name) for window in getattr(self, deed)))


Results = dict[tuple[str, int, str], Measured]


def ratio(results: Results, database: str, workers: int, deed: str) -> float | None:
    """Mainspring's share of the ceiling: the median of the rounds' own ratios, since both ran in each round."""
    ours, theirs = results.get((database, workers, "mainspring")), results.get((database, workers, "ceiling"))
    if ours is None or theirs is None:
        return None
    pairs = zip(getattr(ours, deed), getattr(theirs, deed), strict=False)
    return float(median(mine.per_second / other.per_second for mine, other in pairs))


def table(results: Results) -> str:
    """Speed, latency, processor time and memory of everything."""
    lines = [
        f"{'database':<11}{'workers':>7} {'subject':<11}{'deed':<8}{'per s':>8}{'ratio':>7}{'p50 ms':>8}{'p95 ms':>8}"
        f"{'p99 ms':>8}{'server µs':>11}{'database µs':>13}{'others %':>10}"
    ]
    for (database, workers, subject), measured in sorted(results.items()):
        for deed in ("lists", "creates"):
            if not getattr(measured, deed):
                continue
            share = ratio(results, database, workers, deed) if subject == "mainspring" else None
            lines.append(
                f"{database:<11}{workers:>7} {subject:<11}{deed:<8}{measured.middle(deed, 'per_second'):>8.0f}"
                f"{f'{share:.2f}' if share else '':>7}"
                + "".join(f"{measured.middle(deed, name):>8.1f}" for name in ("p50", "p95", "p99"))
                + f"{measured.middle(deed, 'server_cpu'):>11.0f}{measured.middle(deed, 'database_cpu'):>13.0f}"
                + f"{100 * measured.middle(deed, 'others_share'):>10.0f}"
            )
    lines += [
        "",
        f"{'database':<11}{'workers':>7} {'subject':<11}{'cold start s':>13}  PSS in MiB of each process, idle -> after load",
    ]
    for (database, workers, subject), measured in sorted(results.items()):
        idle, loaded = middle_sizes(measured.idle_memory), middle_sizes(measured.loaded_memory)
        lines.append(
            f"{database:<11}{workers:>7} {subject:<11}{median(measured.cold_starts):>13.2f}  "
            + f"{' '.join(f'{size:.0f}' for size in idle)} -> {' '.join(f'{size:.0f}' for size in loaded)}"
        )
    return "\n".join(lines)


def middle_sizes(rounds: list[list[float]]) -> list[float]:
    """The median of each process over the rounds."""
    return [median(sizes) for sizes in zip(*rounds, strict=False)]


def stage_table(stages: dict[str, dict[str, Any]]) -> str:
    """Where the microseconds go, one column per measurement."""
    columns = list(stages)
    names = sorted({name for found in stages.values() for name in found["stages"]})
    names.sort(key=lambda name: -max(found["stages"].get(name, 0.0) for found in stages.values()))
    width = max(map(len, [*names, "all, without the server and its sockets"])) + 2
    lines = [
        f"{'':<{width}}" + "".join(f"{column.rpartition(' ')[0]:>18}" for column in columns),
        f"{'µs of a request':<{width}}" + "".join(f"{column.rpartition(' ')[2]:>18}" for column in columns),
    ]
    for name in names:
        lines.append(f"{name:<{width}}" + "".join(f"{found['stages'].get(name, 0.0):>18.1f}" for found in stages.values()))
    totals = "".join(f"{found['microseconds']:>18.1f}" for found in stages.values())
    lines.append(f"{'all, without the server and its sockets':<{width}}{totals}")
    return "\n".join(lines)


def void(results: Results) -> list[str]:
    """Why the run says nothing: sentences; none when it is valid."""
    ceilings = [measured for measured in results.values() if measured.subject == "ceiling" and measured.database == "postgresql"]
    told = []
    for deed, floor in (("lists", CEILING_LISTS), ("creates", CEILING_CREATES)):
        reached = [measured.middle(deed, "per_second") for measured in ceilings if getattr(measured, deed)]
        if reached and max(reached) < floor:
            told.append(
                f"The ceiling reached {max(reached):.0f} {deed} a second, not {floor}: this machine was too slow or too busy."
            )
    return told


def floors(results: Results) -> list[tuple[str, bool]]:
    """What was promised, and whether it was kept."""
    kept: list[tuple[str, bool]] = []

    def judge(sentence: str, value: float | None, *, least: float = 0.0, most: float = float("inf")) -> None:
        if value is not None:
            kept.append((f"{sentence}: {value:.2f}" if value < 100 else f"{sentence}: {value:.0f}", least <= value <= most))

    for workers in sorted({key[1] for key in results if key[0] == "postgresql"}):
        for deed, least in (("lists", 0.60), ("creates", 0.70)):
            share = ratio(results, "postgresql", workers, deed)
            judge(f"PostgreSQL, {workers} worker(s): {deed} at least {least:.2f} of the ceiling", share, least=least)
    one, two = (results.get(("sqlite", workers, "mainspring")) for workers in (1, 2))
    if one:
        judge("SQLite: at least 4500 lists a second in a process", one.middle("lists", "per_second"), least=4500)
        judge("SQLite: at least 3500 creates a second in a process", one.middle("creates", "per_second"), least=3500)
    if one and two:
        for deed, least in (("lists", 1.6), ("creates", 1.0)):
            pairs = zip(getattr(one, deed), getattr(two, deed), strict=False)
            gain = float(median(both.per_second / alone.per_second for alone, both in pairs))
            judge(f"SQLite: {least} times the {deed} with 2 workers", gain, least=least)
    for measured in filter(None, (one, two)):
        for deed in ("lists", "creates"):
            judge(f"SQLite, {measured.workers} worker(s): p99 of {deed} under 50 ms", measured.middle(deed, "p99"), most=50)
    ours = [measured for measured in results.values() if measured.subject == "mainspring"]
    if ours:
        judge("Idle memory of the largest process at most 110 MiB", max(map(largest_idle, ours)), most=110)
        judge("Cold start at most 2 s", max(median(measured.cold_starts) for measured in ours), most=2)
    return kept


def largest_idle(measured: Measured) -> float:
    return max(middle_sizes(measured.idle_memory))


def write_json(path: Path, results: Results, stages: dict[str, Any], told: Iterable[str], options: dict[str, Any]) -> None:
    """Everything, each round on its own."""
    ratios = {
        f"{database} {workers} {deed}": ratio(results, database, workers, deed)
        for database, workers, subject in results
        if subject == "mainspring"
        for deed in ("lists", "creates")
    }
    document = {
        "options": options,
        "python": platform.python_version(),
        "void": list(told),
        "ratios": ratios,
        "floors": [{"floor": sentence, "kept": kept} for sentence, kept in floors(results)],
        "measured": [asdict(measured) for measured in results.values()],
        "stages": stages,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
