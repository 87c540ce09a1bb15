"""The outermost layer: an id for every request, echoed when it is sane (R-122), our headers on every answer, time limits."""

import re
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ... import ids
from ...context import CURRENT
from ..cursors import Cursors
from ..deadlines import Deadlines
from ..exchange import KEY, Exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ...application import Application
    from ..batch import OperationTable

SANE = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class RequestId:
    """Makes the exchange, and sees that every answer carries `X-Request-ID` and the headers that other layers put down."""

    def __init__(self, app: ASGIApp, application: "Application", operations: "OperationTable | None" = None) -> None:
        self.app = app
        self.operations = operations
        self.application = application
        self.deadlines = Deadlines(application.settings.request_timeout, application.settings.body_timeout)
        self.cursors = Cursors(application.settings.session_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = scope[KEY] = Exchange(self.application, scope, self.cursors, self.operations)
        sent = exchange.received.get(b"x-request-id")
        name = sent if sent is not None and SANE.fullmatch(sent) else ids.text().encode()
        exchange.request_id = name.decode()
        exchange.headers[b"x-request-id"] = name

        def send_with_headers(message: Message) -> "Awaitable[None]":
            if message["type"] == "http.response.start":
                exchange.answering(message)
            return send(message)

        token = CURRENT.set(exchange)
        self.deadlines.watch(exchange)
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            self.deadlines.running.discard(exchange)
            CURRENT.reset(token)
