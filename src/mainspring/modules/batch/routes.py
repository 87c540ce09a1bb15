"""Several operations in one transaction, over REST."""

from typing import Any

from mainspring.core.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    PaymentRefused,
    PreconditionFailed,
    TooManyRequests,
)
from mainspring.core.http import Operations, Router, WriteUnit, problems

from .permissions import Batcher
from .schemas import Batch, BatchOut

router = Router(prefix="/batch", tags=["batch"])

REFUSED: dict[int | str, dict[str, Any]] = problems(  # Any: OpenAPI's own shape
    PaymentRefused, Forbidden, NotFound, Conflict, Gone, PreconditionFailed, Invalid, TooManyRequests
)


@router.post("", responses=REFUSED)
async def run_batch(body: Batch, caller: Batcher, operations: Operations, uow: WriteUnit) -> BatchOut:
    """Carry out several operations in one transaction: all of them, or none.

    The first that is refused undoes all; the answer then has its status (422 where that is 405), the code
    `batch.operation_failed`, and in `details` the `operation` with its own `status` and `error`.
    """
    return BatchOut.of(await operations.run(uow, body.operations))
