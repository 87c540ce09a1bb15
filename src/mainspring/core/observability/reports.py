"""Reports of unexpected errors to those who mend them (R-158). Off unless SENTRY_DSN is set.

What is reported is what `Logger.error` writes with an exception: of requests, jobs, subscribers, workflows and background tasks
alike. An expected situation (R-157) is no report, whoever logs it.
"""

from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import Any, Protocol

from ..errors import MainspringError
from .metrics import counter

MOST_A_MINUTE = 60
MOST_ALIKE = 5
MINUTE = 60.0

REPORTS = counter("mainspring_error_reports_total", "Unexpected errors by what became of their report.", ("outcome",))


class Reporter(Protocol):
    """Where reports go."""

    def report(self, error: BaseException, logger: str, message: str, context: Mapping[str, Any]) -> None:
        """Take one report and return at once; it is sent on a thread. `context` is that of the log line."""
        ...

    def close(self, seconds: float) -> None:
        """Send what waits, for at most so long."""
        ...


class Reports:
    """A reporter, and how many reports it gets: an error in every request must not be a flood."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._sent: deque[tuple[float, str]] = deque()

    def note(self, error: BaseException, logger: str, message: str, context: Mapping[str, Any]) -> None:
        """Report an error, unless it is an expected situation or one too many of the last minute."""
        if not is_unexpected(error):
            return
        if not self._has_room(_place_of(error)):
            REPORTS.of("left_out").inc()
            return
        try:
            self._reporter.report(error, logger, message, context)
        except Exception:  # a report that cannot be made must not make another error; the line is in the log
            REPORTS.of("failed").inc()
            return
        REPORTS.of("handed_over").inc()

    def _has_room(self, place: str) -> bool:
        now = monotonic()
        while self._sent and self._sent[0][0] < now - MINUTE:
            self._sent.popleft()
        alike = sum(1 for _, before in self._sent if before == place)
        if len(self._sent) >= MOST_A_MINUTE or alike >= MOST_ALIKE:
            return False
        self._sent.append((now, place))
        return True


def is_unexpected(error: BaseException) -> bool:
    """Whether it is a bug or a fault, and not a situation that the program has words for."""
    if getattr(error, "is_reported", False):  # by the process that it happened in
        return False
    return isinstance(error, Exception) and (not isinstance(error, MainspringError) or type(error) is MainspringError)


def _place_of(error: BaseException) -> str:
    """The class of the error and the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(error).__qualname__} {where}"
