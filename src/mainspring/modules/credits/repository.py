"""The questions to the ledger. Nothing here changes or deletes a transfer or an entry."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, or_, select

from mainspring.core.database import Listing, Repository, Statement, bind, insert_into, update_of
from mainspring.core.money import MAX_AMOUNT

from .models import CreditAccount, CreditEntry, CreditTransfer
from .rows import HOUSE, AccountSum, EntryRow, TransferRow, TransferSum

LOWEST = -(2**62)  # of the house; SQLite turns whole numbers beyond 64 bits into inexact ones

TRANSFER = tuple(getattr(CreditTransfer, field.name) for field in fields(TransferRow))
OF_TRANSFER = ("kind", "sender_id", "receiver_id", "reason")
ENTRY = tuple(getattr(CreditTransfer if field.name in OF_TRANSFER else CreditEntry, field.name) for field in fields(EntryRow))

BALANCE = Statement(select(CreditAccount.balance).where(CreditAccount.id == bind("id", CreditAccount.id)), int)
TAKE = Statement(
    update_of(CreditAccount)
    .where(
        CreditAccount.id == bind("id", CreditAccount.id),
        bind("amount", CreditAccount.balance) > 0,
        CreditAccount.balance >= bind("amount", CreditAccount.balance),
    )
    .values(balance=CreditAccount.balance - bind("amount", CreditAccount.balance))
    .returning(CreditAccount.balance),
    int,
)
_NEW = insert_into(CreditAccount, "is_house", "balance")
_SUM = CreditAccount.balance + _NEW.excluded.balance
PUT = Statement(
    _NEW.on_conflict_do_update(
        index_elements=[CreditAccount.id],
        set_={"balance": _SUM, "updated_at": _NEW.excluded.updated_at},
        where=(_SUM >= LOWEST) & (_SUM <= MAX_AMOUNT),
    ).returning(CreditAccount.balance),
    int,
)
ADD_TRANSFER: Statement[None] = Statement(insert_into(CreditTransfer))
ADD_ENTRY: Statement[None] = Statement(insert_into(CreditEntry))

IS_THIS = CreditTransfer.id == bind("id", CreditTransfer.id)
BY_ID = Statement(select(*TRANSFER).where(IS_THIS), TransferRow)
OF_PARTY = Statement(
    select(*TRANSFER).where(
        IS_THIS,
        or_(
            CreditTransfer.sender_id == bind("party_id", CreditTransfer.sender_id),
            CreditTransfer.receiver_id == bind("party_id", CreditTransfer.sender_id),
        ),
    ),
    TransferRow,
)
ENTRIES = Listing(
    select(*ENTRY).join_from(CreditEntry, CreditTransfer, CreditTransfer.id == CreditEntry.transfer_id),
    EntryRow,
    filters={"account_id": CreditEntry.account_id == bind("account_id", CreditEntry.account_id)},
    sorts={"createdAt": CreditEntry.id},  # ids are in the order of time
    default="-createdAt",
    key=CreditEntry.id,
)


def whole(total: Any) -> Any:  # Any: SQLAlchemy's functions
    """A sum as a whole number: PostgreSQL adds them up to decimals."""
    return cast(func.coalesce(total, 0), BigInteger)


SUM_OF_BALANCES = Statement(select(whole(func.sum(CreditAccount.balance))), int, slow=True)
_SOME_ACCOUNTS = (
    select(CreditAccount.id, CreditAccount.balance)
    .where(CreditAccount.id >= bind("first", CreditAccount.id))
    .order_by(CreditAccount.id)
    .limit(bind("limit", BigInteger))
    .subquery()
)
ACCOUNT_SUMS = Statement(
    select(
        _SOME_ACCOUNTS.c.id,
        _SOME_ACCOUNTS.c.balance,
        select(whole(func.sum(CreditEntry.amount)))
        .where(CreditEntry.account_id == _SOME_ACCOUNTS.c.id)
        .scalar_subquery()
        .label("entries"),
    ).order_by(_SOME_ACCOUNTS.c.id),
    AccountSum,
    slow=True,
)
_SOME_TRANSFERS = (
    select(CreditTransfer.id)
    .where(CreditTransfer.id >= bind("first", CreditTransfer.id))
    .order_by(CreditTransfer.id)
    .limit(bind("limit", BigInteger))
    .subquery()
)
TRANSFER_SUMS = Statement(
    select(
        _SOME_TRANSFERS.c.id,
        func.count(CreditEntry.id).label("entries"),
        whole(func.sum(CreditEntry.amount)).label("total"),
    )
    .select_from(_SOME_TRANSFERS.outerjoin(CreditEntry, CreditEntry.transfer_id == _SOME_TRANSFERS.c.id))
    .group_by(_SOME_TRANSFERS.c.id)
    .order_by(_SOME_TRANSFERS.c.id),
    TransferSum,
    slow=True,
)


class AccountRepository(Repository):
    """What the accounts hold."""

    async def balance(self, id: UUID) -> int:
        """What an account holds; nothing when there is none yet."""
        return await self.uow.value(BALANCE, id=id) or 0

    async def take(self, id: UUID, amount: int) -> int | None:
        """Take credits out of a user's account; what is left, or None when there is less."""
        return await self.uow.value(TAKE, id=id, amount=amount)

    async def put(self, id: UUID, amount: int) -> int | None:
        """Put credits into an account, which comes to be by it; what it holds then, or None when that is too much.

        A negative amount is for the house alone.
        """
        return await self.uow.value(PUT, id=id, is_house=id == HOUSE, balance=amount)


class LedgerRepository(Repository):
    """Transfers and their entries."""

    def add(self, transfer: TransferRow, balances: dict[UUID, int]) -> None:
        """Write the transfer and both its entries. `balances` are what the accounts hold after it."""
        columns = {field.name: getattr(transfer, field.name) for field in fields(TransferRow)}
        self.uow.before_commit(ADD_TRANSFER, **columns)
        for account_id, amount in ((transfer.sender_id, -transfer.amount), (transfer.receiver_id, transfer.amount)):
            self.uow.before_commit(
                ADD_ENTRY,
                transfer_id=transfer.id,
                account_id=account_id,
                amount=amount,
                balance_after=balances[account_id],
                created_at=transfer.created_at,
            )

    async def by_id(self, id: UUID) -> TransferRow | None:
        """A transfer, whoever asks."""
        return await self.uow.one(BY_ID, id=id)

    async def of_party(self, id: UUID, party_id: UUID) -> TransferRow | None:
        """A transfer that this account sent or received."""
        return await self.uow.one(OF_PARTY, id=id, party_id=party_id)

    async def sum_of_balances(self) -> int:
        """What all accounts hold together, the house included."""
        return await self.uow.only(SUM_OF_BALANCES)

    async def account_sums(self, first: UUID, limit: int) -> Sequence[AccountSum]:
        """Accounts from `first` on, in the order of their ids, with the sums of their entries."""
        return await self.uow.all(ACCOUNT_SUMS, first=first, limit=limit)

    async def transfer_sums(self, first: UUID, limit: int) -> Sequence[TransferSum]:
        """Transfers from `first` on, in the order of their ids, with the sums of their entries."""
        return await self.uow.all(TRANSFER_SUMS, first=first, limit=limit)
