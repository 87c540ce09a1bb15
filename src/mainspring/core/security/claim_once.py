"""Whatever may be used once goes through here: reset links, invitations, OAuth codes, a step of a TOTP (ARCHITECTURE 3.7).

One conditional statement decides who was first. Only a hash of the secret is stored, so the table gives nothing away.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Index, String, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, mapped_column

from .. import clock, ids
from ..database import Model, Statement, UnitOfWork, bind, insert_into, update_of

TOKEN_BYTES = 32


class Claim(Model):
    """Something that can be claimed once, or was. `subject` is what the claim is about: a user's id, an address."""

    __tablename__ = "core_claims"
    __table_args__ = (
        UniqueConstraint("purpose", "token_hash"),
        Index(None, "purpose", "subject"),
        Index(None, "expires_at"),
    )

    purpose: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]


OFFER: Statement[None] = Statement(insert_into(Claim))
CLAIM = Statement(
    update_of(Claim)
    .where(
        Claim.purpose == bind("purpose", Claim.purpose),
        Claim.token_hash == bind("token_hash", Claim.token_hash),
        Claim.claimed_at.is_(None),
        Claim.expires_at > bind("now", Claim.expires_at),
    )
    .values(claimed_at=bind("now", Claim.claimed_at))
    .returning(Claim.subject),
    str,
)
FIRST: Statement[None] = Statement(insert_into(Claim).on_conflict_do_nothing(index_elements=["purpose", "token_hash"]))
WITHDRAW: Statement[None] = Statement(
    delete(Claim).where(
        Claim.purpose == bind("purpose", Claim.purpose),
        Claim.subject == bind("subject", Claim.subject),
        Claim.claimed_at.is_(None),
    )
)
SWEEP: Statement[None] = Statement(delete(Claim).where(Claim.expires_at <= bind("now", Claim.expires_at)))


async def offer_once(uow: UnitOfWork, purpose: str, subject: str, ttl: timedelta) -> str:
    """A new secret that whoever shows it may use once, within `ttl`. It is not stored: hand it over now."""
    token = ids.secret(TOKEN_BYTES)
    await uow.run(OFFER, purpose=purpose, token_hash=_hash(token), subject=subject, expires_at=clock.after(ttl), claimed_at=None)
    return token


async def claim_once(uow: UnitOfWork, purpose: str, token: str) -> str | None:
    """Use the secret up and answer its subject; None when it is unknown, used, expired, or meant for another purpose.

    A claim whose unit rolls back was never made.
    """
    return await uow.value(CLAIM, purpose=purpose, token_hash=_hash(token), now=clock.now())


async def claim_first(uow: UnitOfWork, purpose: str, key: str, subject: str, ttl: timedelta) -> bool:
    """Whether this is the first use of `key`, for things that nobody offered: a TOTP step, a foreign token's id.

    `ttl` is how long a second use could still be accepted; afterwards the key may be forgotten.
    """
    now = clock.now()
    return bool(
        await uow.run(FIRST, purpose=purpose, token_hash=_hash(key), subject=subject, expires_at=now + ttl, claimed_at=now)
    )


async def withdraw(uow: UnitOfWork, purpose: str, subject: str) -> int:
    """Take back all open offers to the subject, as before a new one is made; answers how many there were."""
    return await uow.run(WITHDRAW, purpose=purpose, subject=subject)


async def sweep(uow: UnitOfWork) -> int:
    """Remove what has expired; answers how many rows went."""
    return await uow.run(SWEEP, now=clock.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
