"""Medians, ratios and promises of the job queues."""

from collections.abc import Callable
from statistics import median
from typing import Any

Round = dict[str, Any]  # what `measuring.measure` returned
Rounds = dict[str, dict[int, Round]]  # by contender, then by the number of the round
OURS, OURS_EMBEDDED = "Mainspring PostgreSQL", "Mainspring SQLite"
FIGURES: dict[str, Callable[[Round], float]] = {
    "transaction": lambda found: float(found["transaction"]),
    "enqueue": lambda found: float(found["enqueue"]),
    "here p50": lambda found: float(found["start_here"]["p50"]),
    "here p95": lambda found: float(found["start_here"]["p95"]),
    "elsewhere p50": lambda found: float(found["start_elsewhere"]["p50"]),
    "elsewhere p95": lambda found: float(found["start_elsewhere"]["p95"]),
    "jobs/s default": lambda found: float(found["per_second_default"]),
    "jobs/s same": lambda found: float(found["per_second_same"]),
}


def middle(rounds: Rounds, name: str, figure: str) -> float | None:
    """The median over the rounds; None for one that did not run."""
    values = [FIGURES[figure](found) for found in rounds.get(name, {}).values()]
    return median(values) if values else None


def ratio(rounds: Rounds, name: str, figure: str) -> float | None:
    """Ours on PostgreSQL divided by theirs: the median of the ratios of the rounds in which both ran."""
    ours, theirs = rounds.get(OURS, {}), rounds.get(name, {})
    both = [FIGURES[figure](ours[number]) / FIGURES[figure](theirs[number]) for number in ours if number in theirs]
    return median(both) if both else None


def table(rounds: Rounds) -> str:
    """Milliseconds and jobs a second of each, and our share of it."""
    lines = [
        f"{'':<26}{'transaction':>12}{'+ enqueue':>10}{'start here':>14}{'elsewhere':>16}{'jobs/s default':>18}{'same':>8}"
        f"{'ours/theirs: enqueue':>23}{'jobs/s':>8}",
        f"{'':<26}{'ms':>12}{'ms':>10}{'p50 / p95 ms':>14}{'p50 / p95 ms':>16}{'(at once)':>18}",
    ]
    for name, found in rounds.items():
        if not found:
            continue
        one = next(iter(found.values()))
        told = {figure: middle(rounds, name, figure) or 0.0 for figure in FIGURES}
        mark = "" if one["transactional"] else "*"
        at_once = one["default_concurrency"] or "all"
        shares = ["", ""]
        if name != OURS and rounds.get(OURS):
            shares = [f"{ratio(rounds, name, figure) or 0.0:.2f}" for figure in ("enqueue", "jobs/s same")]
        lines.append(
            f"{name:<26}{told['transaction']:>12.2f}{told['enqueue']:>9.2f}{mark or ' '}"
            f"{told['here p50']:>7.1f} /{told['here p95']:>5.0f}{told['elsewhere p50']:>9.1f} /{told['elsewhere p95']:>5.0f}"
            f"{told['jobs/s default']:>12.0f} {f'({at_once})':>5}{told['jobs/s same']:>8.0f}{shares[0]:>23}{shares[1]:>8}"
        )
    if any(not one["transactional"] for found in rounds.values() for one in found.values()):
        lines.append("* cannot enqueue in the caller's transaction: the cost of a plain enqueue after the commit.")
    return "\n".join(lines)


def promises(rounds: Rounds) -> list[tuple[str, bool]]:
    """What was promised, and whether it was kept. Of what did not run nothing is said."""
    kept: list[tuple[str, bool]] = []

    def judge(sentence: str, value: float | None, *, least: float = 0.0, most: float = float("inf")) -> None:
        if value is not None:
            kept.append((f"{sentence}: {value:.2f}" if value < 100 else f"{sentence}: {value:.0f}", least <= value <= most))

    for name, found in rounds.items():
        if name in (OURS, OURS_EMBEDDED) or not found:
            continue
        judge(f"More jobs a second than {name}, same concurrency (times)", ratio(rounds, name, "jobs/s same"), least=1)
        judge(f"More jobs a second than {name}, each at its default (times)", ratio(rounds, name, "jobs/s default"), least=1)
        if next(iter(found.values()))["transactional"]:
            judge(f"Cheaper transactional enqueue than {name} (share of its cost)", ratio(rounds, name, "enqueue"), most=1)
    for name, elsewhere, speed in ((OURS, 5.0, 1500), (OURS_EMBEDDED, 25.0, 800)):
        judge(f"{name}: enqueue at most 0.3 ms", middle(rounds, name, "enqueue"), most=0.3)
        judge(f"{name}: start in the enqueuing process within 5 ms", middle(rounds, name, "here p50"), most=5)
        judge(f"{name}: start in another process within {elsewhere:g} ms", middle(rounds, name, "elsewhere p50"), most=elsewhere)
        judge(f"{name}: at least {speed} jobs a second", middle(rounds, name, "jobs/s default"), least=speed)
    return kept
