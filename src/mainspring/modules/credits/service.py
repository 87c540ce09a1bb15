"""The rules of credits (R-283, D-37)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.money import MAX_AMOUNT
from mainspring.core.personal_data import every_row
from mainspring.core.security.principal import Principal
from mainspring.modules.users.service import UserService

from .errors import NotEnoughCredits, OwnAccount, ReceiverNotFound, TooManyCredits, TransferNotFound
from .events import CreditsDeposited, CreditsTransferred
from .permissions import DEPOSIT
from .repository import ENTRIES, AccountRepository, LedgerRepository
from .rows import HOUSE, AccountSum, EntryRow, TransferKind, TransferRow, TransferSum, Violation
from .schemas import StatementQuery

S = TypeVar("S", AccountSum, TransferSum)


class CreditService:
    """Moves credits between accounts. Every move is two entries in a ledger that is only ever added to."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.accounts = AccountRepository(uow)
        self.ledger = LedgerRepository(uow)

    async def transfer(self, sender_id: UUID, receiver_id: UUID, amount: int) -> TransferRow:
        """Move credits from one user to another.

        Raises OwnAccount, ReceiverNotFound, NotEnoughCredits, TooManyCredits. What it wrote until then must not be committed.
        """
        if sender_id == receiver_id:
            raise OwnAccount()
        transfer = await self._move(TransferKind.TRANSFER, sender_id, receiver_id, amount)
        self.uow.publish(CreditsTransferred(id=transfer.id, sender_id=sender_id, receiver_id=receiver_id, amount=transfer.amount))
        return transfer

    async def deposit(self, receiver_id: UUID, amount: int, reason: str | None = None) -> TransferRow:
        """Give new credits to a user, which the house owes from then on. Raises ReceiverNotFound, TooManyCredits."""
        transfer = await self._move(TransferKind.DEPOSIT, HOUSE, receiver_id, amount, reason)
        self.uow.publish(CreditsDeposited(id=transfer.id, sender_id=HOUSE, receiver_id=receiver_id, amount=transfer.amount))
        return transfer

    async def balance(self, user_id: UUID) -> int:
        """What a user holds."""
        return await self.accounts.balance(user_id)

    async def statement(self, user_id: UUID, query: StatementQuery) -> Page[EntryRow] | Slice[EntryRow]:
        """What came into a user's account and went out of it."""
        return await query.fetch(self.uow, ENTRIES, account_id=user_id)

    async def seen_by(self, caller: Principal, id: UUID) -> TransferRow:
        """A transfer as far as the caller may see it: he has a part in it, or may deposit. Raises TransferNotFound."""
        sees_all = caller.may(DEPOSIT)
        transfer = await (self.ledger.by_id(id) if sees_all else self.ledger.of_party(id, caller.id))
        if transfer is None:
            raise TransferNotFound(id)
        return transfer

    async def _move(
        self, kind: TransferKind, sender_id: UUID, receiver_id: UUID, amount: int, reason: str | None = None
    ) -> TransferRow:
        if not 0 < amount <= MAX_AMOUNT:
            raise ValueError(f"{amount} credits cannot be moved")
        if receiver_id not in await UserService(self.uow).standing([receiver_id]):
            raise ReceiverNotFound(receiver_id)
        balances: dict[UUID, int] = {}
        for account_id in sorted((sender_id, receiver_id)):  # in id order, or two opposite transfers deadlock
            if account_id == receiver_id:
                balances[account_id] = _held(await self.accounts.put(account_id, amount), TooManyCredits)
            elif account_id == HOUSE:
                balances[account_id] = _held(await self.accounts.put(account_id, -amount), TooManyCredits)
            else:
                balances[account_id] = _held(await self.accounts.take(account_id, amount), NotEnoughCredits)
        # Made while both accounts are held, so that the lines of a statement are in the order of its balances.
        transfer = TransferRow(ids.new(), kind, sender_id, receiver_id, amount, reason, self.uow.context.user_id, clock.now())
        self.ledger.add(transfer, balances)
        return transfer


class LedgerService:
    """Checks that the ledger adds up, a part at a time, so that no statement takes long however long the ledger is."""

    def __init__(self, reading: Callable[[], AbstractAsyncContextManager[UnitOfWork]], at_once: int = 2000) -> None:
        self.reading, self.at_once = reading, at_once

    async def violations(self) -> AsyncIterator[Violation]:
        """Everything that is wrong: an account that is not the sum of its entries, a transfer whose entries are not two or do not
        cancel out, or balances that are not zero together."""
        async with self.reading() as uow:
            total = await LedgerRepository(uow).sum_of_balances()
        if total != 0:
            yield Violation("sum", None, 0, total)
        async for account in self._parts(lambda ledger, first: ledger.account_sums(first, self.at_once)):
            if account.balance != account.entries:
                yield Violation("balance", account.id, account.entries, account.balance)
        async for transfer in self._parts(lambda ledger, first: ledger.transfer_sums(first, self.at_once)):
            if transfer.entries != 2:
                yield Violation("entries", transfer.id, 2, transfer.entries)
            elif transfer.total != 0:
                yield Violation("transfer", transfer.id, 0, transfer.total)

    async def _parts(self, ask: Callable[[LedgerRepository, UUID], Awaitable[Sequence[S]]]) -> AsyncIterator[S]:
        first, full = UUID(int=0), True
        while full:
            async with self.reading() as uow:
                found = await ask(LedgerRepository(uow), first)
            for each in found:
                yield each
            full = len(found) == self.at_once
            if full:
                first = UUID(int=found[-1].id.int + 1)


def _held(balance: int | None, refusal: type[NotEnoughCredits] | type[TooManyCredits]) -> int:
    if balance is None:
        raise refusal()
    return balance


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """What the user holds, and every entry of his account."""
    return {"balance": await CreditService(uow).balance(user_id), "entries": await every_row(uow, ENTRIES, account_id=user_id)}


async def invariants(application: Application) -> list[str]:
    """What in the ledger does not add up, in words."""
    found = LedgerService(application.reading).violations()
    return [f"credits: {one.rule} of {one.about or 'the whole'} is {one.found}, not {one.expected}" async for one in found]
