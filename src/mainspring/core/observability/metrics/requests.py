"""Requests by route template, status and duration. It runs on every request, so it costs under a microsecond."""

from bisect import bisect_left

from .instruments import BOOK, counter, gauge, histogram

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNKNOWN = "(none)"  # requests that no route answered

REQUESTS = counter("http_requests_total", "Answered requests.", ("method", "route", "status"))
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # are among them
DURATIONS = histogram(
    "http_request_duration_seconds", "Time from a request to the end of its answer.", ("method", "route"), bounds=BOUNDS
)
RUNNING = gauge("http_requests_running", "Requests that are being answered.")

Places = tuple[int, int]  # of the counter and of the histogram

_running = RUNNING.of()
_places: dict[tuple[str | None, str, int], Places] = {}


def begin() -> None:
    """A request has arrived. For the event loop's thread only, like `end`, so that no lock is needed."""
    BOOK.values[_running.at] += 1.0


def end(label: str | None, method: str, status: int, seconds: float) -> None:
    """It was answered. `label` is the route's own (`GET /products/{id}`), None when no route was found."""
    places = _places.get((label, method, status)) or _new(label, method, status)
    values = BOOK.values
    count, spread = places
    values[_running.at] -= 1.0
    values[count] += 1.0
    values[spread] += seconds
    values[spread + 1 + bisect_left(BOUNDS, seconds)] += 1.0


def _new(label: str | None, method: str, status: int) -> Places:
    route = label.partition(" ")[2] if label else UNKNOWN
    shown = method if method in METHODS else "OTHER"
    places = REQUESTS.of(shown, route, status or "cut off").at, DURATIONS.of(shown, route).at
    if method in METHODS:  # a client may make up any other one
        _places[label, method, status] = places
    return places
