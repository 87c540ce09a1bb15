"""How an attempt ended, and what the row becomes by it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .. import clock
from ..observability.redaction import redacted_text
from .book import Definition
from .models import ALONE, CANCELLED, DEAD, OPEN, READY, WAITING
from .rows import ClaimedJob

DEAD_KEPT = timedelta(days=30)
MOST_CRASHES = 5
MOST_ORPHANED = 30  # the worker ended, which ran it in a process of its own: the job is hardly to blame
LONGEST_ERROR = 500
SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state that a row got, and the error that led to it; `run_at` when it runs again. `lost`: the row is no longer ours."""

    state: str
    error: BaseException | None = None
    run_at: datetime | None = None


def told(error: BaseException, payload: dict[str, Any]) -> str:
    """The class and text of an error, short, without anything of the payload and without what looks like a secret."""
    text = " ".join(str(error).split())
    for value in sorted(_texts(payload), key=len, reverse=True):
        text = text.replace(value, "...")
    name = type(error).__name__
    return redacted_text(f"{name}: {text}" if text else name, mask=True)[:LONGEST_ERROR]


def failed(claimed: ClaimedJob, definition: Definition, error: BaseException, *, final: bool = False) -> dict[str, Any]:
    """The columns after a failed attempt: waiting for the next one, or dead when it was the last or the job gave up."""
    failures = claimed.failures + 1
    if final or failures >= claimed.max_attempts:
        return ended(claimed, definition, DEAD, failures=failures, error=told(error, claimed.payload))
    delay = definition.options.backoff.delay(failures)
    return resting(claimed, clock.after(delay), failures=failures, error=told(error, claimed.payload))


def crashed(claimed: ClaimedJob, definition: Definition | None, most: int = MOST_CRASHES) -> dict[str, Any]:
    """The columns after its process ended with it: alone next time, dead after `most` times."""
    crashes = claimed.crashes + 1
    error = f"Crashed: its process ended while it ran, for the {_ordinal(crashes)} time"
    if crashes >= most:
        return ended(claimed, definition, DEAD, crashes=crashes, error=error)
    return resting(claimed, clock.now(), crashes=crashes, error=error)


def resting(claimed: ClaimedJob, run_at: datetime, **changes: Any) -> dict[str, Any]:
    """The columns of a row that runs again at `run_at`."""
    columns = _columns(claimed, run_at, changes)
    return columns | {"state": READY if run_at <= clock.now() else WAITING, "finished_at": None, "expires_at": None}


def ended(claimed: ClaimedJob, definition: Definition | None, state: str, **changes: Any) -> dict[str, Any]:
    """The columns of a row that is dead or cancelled."""
    now = clock.now()
    kept = definition.options.history if definition else timedelta(days=7)
    if state == DEAD:
        kept = max(kept, DEAD_KEPT)
    return _columns(claimed, claimed.run_at, changes) | {"state": state, "finished_at": now, "expires_at": now + kept}


def cancelled(claimed: ClaimedJob, definition: Definition) -> dict[str, Any]:
    """The columns of a row that was cancelled while it ran."""
    return ended(claimed, definition, CANCELLED, error="Cancelled while it ran")


def _columns(claimed: ClaimedJob, run_at: datetime, changes: dict[str, Any]) -> dict[str, Any]:
    crashes = changes.get("crashes", claimed.crashes)
    return {
        "id": claimed.id,
        "token": claimed.token,
        "track": ALONE if crashes and claimed.track == OPEN else claimed.track,
        "run_at": run_at,
        "failures": changes.get("failures", claimed.failures),
        "crashes": crashes,
        "error": changes.get("error"),
    }


def _texts(value: Any) -> "set[str]":
    if isinstance(value, str):
        return {value} if len(value) >= SHORTEST_SECRET else set()
    if isinstance(value, dict):
        return set().union(*(_texts(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(_texts(one) for one in value))
    return set()


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third", 4: "fourth"}.get(number, f"{number}th")
