"""The circuit breaker: after many failures it asks nobody for a while, then lets exactly one call find out (decision 73)."""

from collections import deque
from enum import StrEnum

from .. import clock
from ..errors import Unavailable
from ..observability.logs import get_logger
from ..observability.metrics import gauge
from .policy import Policy

STATE = gauge("mainspring_port_circuit", "0 closed, 1 being probed, 2 open; the worst process.", ("port",), across="max")

log = get_logger(__name__)


class CircuitOpen(Unavailable):
    """The other side failed lately and is left alone for a moment (503). Nothing was asked."""

    message = "Something we need does not work at the moment. Try again shortly."


class Circuit(StrEnum):
    """The state of a breaker."""

    CLOSED = "closed"
    PROBING = "probing"
    OPEN = "open"


LEVELS = {Circuit.CLOSED: 0, Circuit.PROBING: 1, Circuit.OPEN: 2}


class Breaker:
    """One per port and process. Ask `enter` before a call and tell the answer with `succeeded`, `failed` or `abandoned`."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.circuit = Circuit.CLOSED
        self._era = 0  # counts the changes of state, so that a late answer from before decides nothing
        self._outcomes: deque[bool] = deque(maxlen=policy.window)
        self._open_seconds = policy.open_for.total_seconds()
        self._opens_until = 0.0

    def enter(self) -> int:
        """The era of this call, to be told with its answer. Raises CircuitOpen."""
        if self.circuit is Circuit.CLOSED:
            return self._era
        left = self._opens_until - clock.monotonic()
        if self.circuit is Circuit.PROBING or left > 0:
            raise CircuitOpen(retry_after=max(left, 1.0))
        self._become(Circuit.PROBING)
        return self._era

    def succeeded(self, era: int) -> None:
        """The other side answered."""
        if era != self._era:
            return
        if self.circuit is Circuit.PROBING:
            self._outcomes.clear()
            self._open_seconds = self.policy.open_for.total_seconds()
            self._become(Circuit.CLOSED)
            log.info("circuit_closed", port=self.policy.name)
        else:
            self._outcomes.append(True)

    def failed(self, era: int, error: BaseException) -> None:
        """The other side did not answer, or with nonsense."""
        if era != self._era:
            return
        if self.circuit is Circuit.PROBING:
            self._open_seconds = min(self._open_seconds * 2, self.policy.longest_open.total_seconds())
            self._open(error)
            return
        self._outcomes.append(False)
        failures = self._outcomes.count(False)
        if failures >= self.policy.failures and failures * 2 >= len(self._outcomes):
            self._open(error)

    def abandoned(self, era: int) -> None:
        """The caller left before the answer, which says nothing; if it was the probe, the next call is one."""
        if era == self._era and self.circuit is Circuit.PROBING:
            self._opens_until = clock.monotonic()
            self._become(Circuit.OPEN)

    def _open(self, error: BaseException) -> None:
        self._opens_until = clock.monotonic() + self._open_seconds
        self._become(Circuit.OPEN)
        log.warn("circuit_opened", port=self.policy.name, seconds=self._open_seconds, reason=f"{type(error).__name__}: {error}")

    def _become(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self._era += 1
        STATE.of(self.policy.name).set(LEVELS[circuit])
