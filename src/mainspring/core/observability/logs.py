"""Loggers: named after their module, carrying the request's context, never global (R-188 to R-193, R-341).

`get_logger(__name__).info("order_placed", orderId=id)` writes one line with level, timestamp, service, environment, the context
of the running request, and the fields, without secrets.
"""

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from ..context import CURRENT
from .lines import DEBUG, ERROR, INFO, LEVELS, WARN, Render, json_lines, pretty_lines
from .redaction import masked_address, redacted, redacted_text
from .sink import Sink
from .tracing import TRACING

if TYPE_CHECKING:
    from ..settings import Settings


class _Output:
    """Where and how this process writes; one per process, replaced by `configure_logs`."""

    def __init__(self) -> None:
        self.level = INFO
        self.render: Render = pretty_lines(coloured=False)
        self.sink = Sink()
        self.captured: list[dict[str, Any]] | None = None
        self.report: Callable[[BaseException, str, str, Mapping[str, Any]], None] | None = None


OUTPUT = _Output()


class Logger:
    """Writes lines under one name. `bind` gives a child with more fields on every line."""

    __slots__ = ("fields", "keeps_addresses", "name")  # keeps_addresses: e-mail and client addresses stay whole

    def __init__(self, name: str, fields: Mapping[str, Any] | None = None, *, keeps_addresses: bool = False) -> None:
        self.name = name
        self.fields = dict(fields or {})
        self.keeps_addresses = keeps_addresses

    def bind(self, **fields: Any) -> Self:
        """A logger of the same name with these fields on every line."""
        return type(self)(self.name, {**self.fields, **fields}, keeps_addresses=self.keeps_addresses)

    def debug(self, message: str, **fields: Any) -> None:
        """For those who look for a fault."""
        if OUTPUT.level <= DEBUG:
            self._write(DEBUG, message, fields)

    def info(self, message: str, **fields: Any) -> None:
        """What happened as it should."""
        if OUTPUT.level <= INFO:
            self._write(INFO, message, fields)

    def warn(self, message: str, **fields: Any) -> None:
        """What somebody should look at."""
        if OUTPUT.level <= WARN:
            self._write(WARN, message, fields)

    warning = warn

    def error(self, message: str, *, error: BaseException | None = None, **fields: Any) -> None:
        """What went wrong on our side; with `error`, its text and stack (R-337)."""
        if error is not None:
            stack = "".join(traceback.format_exception(error))
            self.report(message, error, **fields)
            fields |= {"error": f"{type(error).__name__}: {error}", "stack": stack}
        self._write(ERROR, message, fields)

    def report(self, message: str, error: BaseException, **fields: Any) -> None:
        """Report an unexpected error (R-158) whose line is written otherwise, because it is tried again."""
        if OUTPUT.report is not None:
            route = getattr(CURRENT.get(None), "route", None)
            OUTPUT.report(error, self.name, message, {**context_fields(), "route": route, **self.fields, **fields})

    def exception(self, message: str, **fields: Any) -> None:
        """`error` with the exception that is being handled."""
        self.error(message, error=sys.exception(), **fields)

    def _write(self, level: int, message: str, fields: Mapping[str, Any]) -> None:
        record = redacted({**context_fields(), **self.fields, **fields}, mask=not self.keeps_addresses)
        if OUTPUT.captured is not None:
            OUTPUT.captured.append({"level": level, "logger": self.name, "message": message, **record})
        line = OUTPUT.render(level, self.name, redacted_text(message, mask=not self.keeps_addresses), record)
        if level >= ERROR:
            OUTPUT.sink.write_error(line)
        else:
            OUTPUT.sink.write(line, is_urgent=level >= WARN)


def get_logger(name: str) -> Logger:
    """A logger for the module `name` (pass `__name__`); `mainspring.modules.orders.service` writes as `orders.service`."""
    return Logger(name.removeprefix("mainspring.modules.").removeprefix("mainspring."))


def log_request(status: int, milliseconds: float, size: int | None = None) -> None:
    """The access line of the running request: its context, the status, the time it took and the bytes sent.

    It skips what a line of ours cannot hold and so costs a few microseconds.
    """
    if OUTPUT.level > INFO:
        return
    context = CURRENT.get(None)
    fields: dict[str, Any] = {}
    if context is not None:
        fields = {
            "requestId": context.request_id,
            "method": context.method,
            "path": context.path,
            "ip": masked_address(context.address) if context.address else None,
            "userId": context.user_id,
            "userAgent": context.user_agent,
        }
        if (key_id := context.key_id) is not None:
            fields["keyId"] = key_id
        if (impersonator_id := context.impersonator_id) is not None:
            fields["impersonatedBy"] = impersonator_id
    if (ids := TRACING.here()) is not None:
        fields["traceId"], fields["spanId"] = ids
    fields["status"] = status
    fields["ms"] = round(milliseconds, 2)
    if size is not None:
        fields["bytes"] = size
    if OUTPUT.captured is not None:
        OUTPUT.captured.append({"level": INFO, "logger": "access", "message": "request", **fields})
    OUTPUT.sink.write(OUTPUT.render(INFO, "access", "request", fields))


def context_fields() -> dict[str, Any]:
    """Request id, user, method and path of the running work, and its trace, as far as known (R-192)."""
    context = CURRENT.get(None)
    ids = TRACING.here()
    traced = {} if ids is None else {"traceId": ids[0], "spanId": ids[1]}
    if context is None:
        return traced
    fields = {
        "requestId": context.request_id,
        "userId": context.user_id,
        "keyId": context.key_id,
        "impersonatedBy": context.impersonator_id,
        "method": context.method,
        "path": context.path,
    }
    return {name: value for name, value in fields.items() if value} | traced


def configure_logs(settings: "Settings", descriptor: int = 1) -> None:
    """Write as the settings say: JSON lines, or plain ones in development at a terminal; the standard library's loggers too."""
    is_terminal = os.isatty(descriptor)
    OUTPUT.sink.close()
    OUTPUT.level = LEVELS[settings.log_level]
    OUTPUT.sink = Sink(descriptor, settings.log_dir)
    if settings.app_env == "development" and is_terminal:
        OUTPUT.render = pretty_lines(coloured="NO_COLOR" not in os.environ)
    else:
        OUTPUT.render = json_lines(settings.service_name, settings.app_env)
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(logging.WARNING)


def batch_logs() -> None:
    """From now on write in batches, on a thread. A serving process calls it once, after it was forked."""
    OUTPUT.sink.batch()


def close_logs() -> None:
    """Write every waiting line. Call it last, before the process ends."""
    OUTPUT.sink.close()


@contextmanager
def captured_logs(level: int = DEBUG) -> Iterator[list[dict[str, Any]]]:
    """The records written meanwhile, redacted as they would stand in the log; for tests."""
    before, OUTPUT.captured = (OUTPUT.captured, OUTPUT.level), []
    OUTPUT.level = level
    try:
        yield OUTPUT.captured
    finally:
        OUTPUT.captured, OUTPUT.level = before


class _Bridge(logging.Handler):
    """Hands what libraries tell the standard library's logging to our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = Logger(record.name)
        if record.levelno >= logging.ERROR:
            logger.error(record.getMessage(), error=record.exc_info[1] if record.exc_info else None)
        else:
            logger.warn(record.getMessage())
