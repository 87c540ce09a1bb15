"""The last handler: every exception becomes an answer (R-028, R-151, R-155, R-157)."""

import asyncio

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import Invalid, MainspringError, TooManyRequests, Unavailable
from ...observability.logs import get_logger
from ...observability.security_events import rate_limited
from ..body import ClientGone
from ..exchange import KEY, Exchange
from ..messages import describe
from ..problems import RequestTimeout, of_status, render

log = get_logger(__name__)


class Errors:
    """Renders what is raised below. Expected situations are logged at info, bugs at error with their trace and never shown."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange: Exchange = scope[KEY]
        try:
            await self.app(scope, receive, send)
        except ClientGone:
            return
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if exchange.late is None or task is None:
                raise
            task.uncancel()
            await _answer(_too_late(exchange), exchange, send)
        except Exception as problem:
            if exchange.status:
                _expected(problem, exchange)
                raise  # the answer has begun; the server cuts the connection, so the client sees that it is not whole
            # kept in no variable: in one, its own traceback would keep it and the body alive until the garbage collector runs
            await _answer(_expected(problem, exchange), exchange, send)


async def _answer(error: MainspringError, exchange: Exchange, send: Send) -> None:
    status, headers, body = render(error, exchange)
    if exchange.reading:
        headers.append((b"connection", b"close"))  # the rest of the body is not waited for
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if exchange.method == "HEAD" else body})


def _too_late(exchange: Exchange) -> MainspringError:
    log.warn("request_timed_out", step=exchange.late)
    return RequestTimeout() if exchange.late == "body" else Unavailable("The answer took too long.", retry_after=1)


def _expected(problem: Exception, exchange: Exchange) -> MainspringError:
    if isinstance(problem, MainspringError) and type(problem) is not MainspringError:
        log.info("request_refused", code=problem.code)
        if isinstance(problem, TooManyRequests):
            rate_limited(problem.code)
        return problem
    if isinstance(problem, HTTPException):
        return of_status(problem.status_code, problem.detail, problem.headers)
    if isinstance(problem, RequestValidationError):
        return Invalid(details=describe(problem.errors()))
    log.error("unexpected_error", error=problem, ip=exchange.address)  # the context adds the rest
    shown = str(problem) if exchange.application.settings.app_env == "development" else None
    return MainspringError(shown or None)
