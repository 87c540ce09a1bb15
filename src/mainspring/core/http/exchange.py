"""One HTTP request and its answer: the context of the work, plus what the middleware and the route share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.types import Message, Scope

from .. import clock
from ..audit.security_trail import SecurityTrail
from ..context import Context
from ..limits.budgets import Standing
from ..limits.limiter import Policy
from ..security.principal import Principal
from .cursors import Cursors
from .limit_headers import tell

if TYPE_CHECKING:
    from ..application import Application
    from ..database import UnitOfWork
    from .batch import OperationTable
    from .limiting import RequestLimits

KEY = "mainspring"


class Exchange(Context):
    """The context of a request, kept in `scope["mainspring"]`.

    `received` holds the request's headers by lower-case name, `body` its body once it is loaded; `headers` those added to
    whatever answer leaves; `status` is 0 until an answer starts, `chosen` the one that the route asked for. `may_cancel` is
    false while a commit runs. `since` is when the present step began, `reading` whether that is the arrival of the body, and
    `late` which of the two took too long (`core.http.deadlines`). `limits` is there until the request is counted, when who asks
    must be known for that. `operations` finds the routes for a batch.
    """

    __slots__ = (
        "admitted",
        "application",
        "authenticated",
        "body",
        "chosen",
        "cookies_out",
        "cursors",
        "headers",
        "late",
        "limits",
        "may_cancel",
        "operations",
        "reading",
        "received",
        "route",
        "scope",
        "since",
        "started",
        "status",
        "task",
        "unit",
        "wants_links",
    )

    def __init__(
        self,
        application: "Application",
        scope: Scope,
        cursors: "Cursors | None" = None,
        operations: "OperationTable | None" = None,
    ) -> None:
        self.application = application
        self.cursors = cursors
        self.operations = operations
        self.scope = scope
        self.method = scope["method"]
        self.path = scope["path"]
        self.received: dict[bytes, bytes] = dict(scope["headers"])
        self.body = b""
        self.headers: dict[bytes, bytes] = {}
        self.cookies_out: list[bytes] | None = None
        self.request_id = ""
        self.address = None
        self.user_agent = None
        self.principal = None
        self.database = "default"
        self.security = application.ports.made(SecurityTrail)
        self.authenticated = False
        self.admitted: Sequence[object] = ()
        self.unit: UnitOfWork | None = None
        self.route: str | None = None
        self.status = 0
        self.chosen: int | None = None
        self.started = self.since = clock.monotonic()
        self.reading = False
        self.late: str | None = None
        self.task: Any = None
        self.may_cancel = True
        self.limits: RequestLimits | None = None
        self.wants_links = False

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def header(self, name: bytes) -> str | None:
        """A header of the request, its lower-case name given; None when it was not sent."""
        value = self.received.get(name)
        return None if value is None else value.decode("latin-1")

    async def caller(self, fresh: bool = False) -> Principal | None:
        """Who is asking, checked once per request; `fresh` looks the session up anew.

        Raises Unauthenticated for a credential that is not accepted.
        """
        if not self.authenticated or fresh:
            self.principal = await self.application.authenticator.principal(self.scope, fresh)
            self.authenticated = True
        return self.principal

    def told(self, policy: Policy, standing: Standing | None, seconds: float = 0.0) -> None:
        """Put the headers that tell what is left of a budget (R-167)."""
        tell(self.headers, self.application.settings.rate_limit_headers, policy, standing, seconds)

    def vary(self, name: bytes) -> None:
        """Say that the answer depends on this request header."""
        before = self.headers.get(b"vary")
        self.headers[b"vary"] = name if before is None else before + b", " + name

    def answering(self, message: Message) -> None:
        """Note that the answer starts, and add our headers where the route set none of its own."""
        self.status = message["status"]
        headers = list(message.get("headers", ()))
        added = self.headers
        for name, value in tuple(headers):
            if name in added:
                if name == b"vary":
                    self.vary(value)
                    headers.remove((name, value))
                else:
                    added = {key: mine for key, mine in added.items() if key != name}
        headers.extend(added.items())
        if self.cookies_out:
            headers = [pair for pair in headers if pair[0] != b"cache-control"]
            headers.append((b"cache-control", b"no-store"))  # whatever the route says: a cookie is for one caller
            headers.extend((b"set-cookie", cookie) for cookie in self.cookies_out)
        message["headers"] = headers


def of(scope: Scope) -> Exchange:
    """The exchange of a request."""
    exchange: Exchange = scope[KEY]
    return exchange
