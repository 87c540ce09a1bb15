"""`Saga`: carries out a durable workflow for a request; the `Idempotency-Key` is the workflow's key (ARCHITECTURE 10 i)."""

from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Request

from ..workflows import InputChanged, Workflows
from ..workflows import StillRunning as WorkflowGoesOn
from ..workflows.workflows import WAIT
from . import exchange as exchanges
from .idempotency import KeyReused, StillRunning
from .idempotency_key import caller_of, key_of


class SagaOfRequest:
    """Runs workflows in the name of whoever asks."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: exchanges.Exchange) -> None:
        self._exchange = exchange

    async def run(self, wish: Any, wait: timedelta = WAIT) -> Any:  # Any: see Workflows.run
        """The answer of the workflow that takes this input. A request that is sent again gets the answer of the first.

        Raises what the workflow was undone for, `workflows.StillRunning` when `wait` is over or the workflow waits itself,
        KeyReused when the key was used for another request, `idempotency.StillRunning` while the first one runs, Malformed for
        a key that is none.
        """
        exchange = self._exchange
        workflows = exchange.application.resolve(Workflows)
        if b"idempotency-key" not in exchange.received:
            return await workflows.run(wish, owner_id=exchange.user_id, wait=wait)
        key = _digest(caller_of(exchange), exchange.route or "", key_of(exchange))
        fingerprint = _digest(exchange.path, sha256(exchange.body).hexdigest())
        try:
            ended = await workflows.once(wish, key, fingerprint=fingerprint, owner_id=exchange.user_id, wait=wait)
        except InputChanged:
            raise KeyReused() from None
        except WorkflowGoesOn as problem:
            if problem.is_repeated and not problem.is_waiting:
                raise StillRunning() from None
            self._replayed(problem.is_repeated)
            raise
        self._replayed(ended.is_repeated)
        return ended.answer()

    def _replayed(self, is_repeated: bool) -> None:
        if is_repeated:
            self._exchange.headers[b"idempotent-replayed"] = b"true"


def _digest(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()


async def saga_of(request: Request) -> SagaOfRequest:
    """Runs workflows for this request."""
    return SagaOfRequest(exchanges.of(request.scope))


Saga = Annotated[SagaOfRequest, Depends(saga_of)]
