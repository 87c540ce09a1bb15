"""What keeps a failing outside world from pulling us along (R-291): retry, deadline, circuit breaker, bulkhead.

A port that reaches outside is registered through `guarded(factory, policy)`; whoever calls it writes nothing of all this.
"""

from .breaker import Breaker, CircuitOpen
from .bulkhead import Bulkhead, TooBusy
from .guarding import DidNotAnswer, guarded
from .policy import NotDone, Policy

__all__ = ["Breaker", "Bulkhead", "CircuitOpen", "DidNotAnswer", "NotDone", "Policy", "TooBusy", "guarded"]
