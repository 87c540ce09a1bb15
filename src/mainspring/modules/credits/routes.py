"""Credits over REST."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from mainspring.core.http import Answer, ReadUnit, Router, WriteUnit, problems
from mainspring.core.security.guard import CurrentUser

from .errors import NotEnoughCredits, ReceiverNotFound, TooManyCredits, TransferNotFound
from .permissions import Depositor, Sender, TransferSeer
from .schemas import DepositCredits, StatementOut, StatementQuery, TransferCredits, TransferOut
from .service import CreditService

router = Router(prefix="/credits", tags=["credits"])


@router.get("")
async def get_credits(query: Annotated[StatementQuery, Query()], caller: CurrentUser, uow: ReadUnit) -> StatementOut:
    """What one holds, and how it came to be, by page or by cursor."""
    credits = CreditService(uow)
    return StatementOut.showing(await credits.balance(caller.id), await credits.statement(caller.id, query))


@router.post("/transfers", status_code=201, responses=problems(ReceiverNotFound, NotEnoughCredits, TooManyCredits))
async def transfer_credits(body: TransferCredits, sender: Sender, uow: WriteUnit, answer: Answer) -> TransferOut:
    """Send credits to another user."""
    transfer = await CreditService(uow).transfer(sender.id, body.to_user_id, body.amount)
    answer.location(f"/api/v1/credits/transfers/{transfer.id}")
    return TransferOut.of(transfer)


@router.get("/transfers/{id}", responses=problems(TransferNotFound))
async def get_transfer(id: UUID, caller: TransferSeer, uow: ReadUnit) -> TransferOut:
    """A transfer that one sent or received; any with `credits:deposit`."""
    return TransferOut.of(await CreditService(uow).seen_by(caller, id))


@router.post("/deposits", status_code=201, responses=problems(ReceiverNotFound, TooManyCredits))
async def deposit_credits(body: DepositCredits, depositor: Depositor, uow: WriteUnit, answer: Answer) -> TransferOut:
    """Give new credits to a user."""
    transfer = await CreditService(uow).deposit(body.to_user_id, body.amount, body.reason)
    answer.location(f"/api/v1/credits/transfers/{transfer.id}")
    return TransferOut.of(transfer)
