"""Sessions and their refresh tokens."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, select, update
from sqlalchemy.orm import aliased

from mainspring.core.database import Listing, Repository, Statement, UtcDateTime, any_of, bind, insert_into

from ..models import RefreshToken, Session
from ..rows import EarlierSignIns, LiveSession, SessionRow, TokenRow

NOW = bind("now", UtcDateTime)
SESSION = tuple(getattr(Session, field.name) for field in fields(SessionRow))
ALIVE = (Session.ended_at.is_(None), Session.expires_at > NOW)
OF_USER = Session.user_id == bind("user_id", Session.user_id)
ENDING = {"ended_at": NOW, "end_reason": bind("reason", Session.end_reason)}

ADD_SESSION: Statement[None] = Statement(
    insert_into(
        Session,
        "user_id",
        "transport",
        "method",
        "second_factor",
        "device",
        "ip_address",
        "place",
        "last_used_at",
        "authenticated_at",
        "expires_at",
        "impersonator_id",
        "impersonator_session_id",
        "origin_id",
    )
)
OWNER = Statement(select(Session.user_id).where(Session.id == bind("session_id", Session.id)), UUID)
LIVE = Statement(
    select(*(getattr(Session, field.name) for field in fields(LiveSession))).where(any_of(Session.id, "ids"), *ALIVE),
    LiveSession,
)
BY_ID = Statement(select(*SESSION).where(Session.id == bind("session_id", Session.id), *ALIVE), SessionRow)
IDS_OF_USER = Statement(select(Session.id).where(OF_USER, *ALIVE), UUID)
SESSIONS = Listing(
    select(*SESSION),
    SessionRow,
    filters={"user_id": OF_USER, "now": and_(*ALIVE), "ids": any_of(Session.id, "ids")},
    sorts={"lastUsedAt": Session.last_used_at, "createdAt": Session.created_at},
    default="-lastUsedAt",
    key=Session.id,
)
ALIKE = and_(
    Session.device.is_not_distinct_from(bind("device", Session.device)),
    Session.ip_address.is_not_distinct_from(bind("ip_address", Session.ip_address)),
)
EARLIER = Statement(
    select(func.count().label("any"), func.count().filter(ALIKE).label("alike")).where(
        OF_USER, Session.created_at > bind("since", UtcDateTime), Session.impersonator_id.is_(None)
    ),
    EarlierSignIns,
)
TOUCH: Statement[None] = Statement(
    update(Session).where(Session.id == bind("session_id", Session.id), *ALIVE).values(last_used_at=NOW)
)
PROVE: Statement[None] = Statement(
    update(Session)
    .where(Session.id == bind("session_id", Session.id), OF_USER, *ALIVE)
    .values(
        authenticated_at=NOW,
        second_factor=func.coalesce(bind("second_factor", Session.second_factor), Session.second_factor),
    )
)
END: Statement[None] = Statement(
    update(Session).where(Session.id == bind("session_id", Session.id), OF_USER, Session.ended_at.is_(None)).values(ENDING)
)
PRUNE: Statement[None] = Statement(
    delete(Session).where(
        Session.transport == bind("transport", Session.transport), Session.expires_at < bind("before", UtcDateTime)
    )
)
END_ALL = Statement(update(Session).where(OF_USER, Session.ended_at.is_(None)).values(ENDING).returning(Session.id), UUID)
END_SEVERAL = Statement(
    update(Session).where(any_of(Session.id, "ids"), Session.ended_at.is_(None)).values(ENDING).returning(Session.id), UUID
)
END_OTHERS = Statement(
    update(Session)
    .where(OF_USER, Session.ended_at.is_(None), Session.id != bind("session_id", Session.id))
    .values(ENDING)
    .returning(Session.id),
    UUID,
)
END_OF_ORIGINS = Statement(
    update(Session).where(OF_USER, any_of(Session.origin_id, "origin_ids"), *ALIVE).values(ENDING).returning(Session.id), UUID
)
ACTING = (Session.impersonator_id == bind("impersonator_id", Session.impersonator_id), Session.ended_at.is_(None))
END_ACTING_AS = Statement(update(Session).where(*ACTING, OF_USER).values(ENDING).returning(Session.id), UUID)
OWN = aliased(Session)
END_ORPHANS = Statement(
    update(Session)
    .where(
        *ACTING,
        exists(select(OWN.id).where(OWN.id == Session.impersonator_session_id, OWN.ended_at.is_not(None))),
    )
    .values(ENDING)
    .returning(Session.id),
    UUID,
)

ADD_TOKEN: Statement[None] = Statement(insert_into(RefreshToken, "session_id", "token_hash", "expires_at"))
TOKEN = Statement(
    select(
        RefreshToken.session_id,
        RefreshToken.expires_at,
        RefreshToken.used_at,
        RefreshToken.successor,
        RefreshToken.successor_hash,
        Session.user_id,
        Session.transport,
        Session.expires_at.label("session_expires_at"),
        Session.ended_at.label("session_ended_at"),
        Session.method,
        Session.second_factor,
    )
    .join_from(RefreshToken, Session, Session.id == RefreshToken.session_id)
    .where(RefreshToken.token_hash == bind("token_hash", RefreshToken.token_hash)),
    TokenRow,
)
# Of any number of requests with the same token exactly one changes a row: it rotates (D-05).
CLAIM: Statement[None] = Statement(
    update(RefreshToken)
    .where(
        RefreshToken.token_hash == bind("token_hash", RefreshToken.token_hash),
        RefreshToken.used_at.is_(None),
        RefreshToken.expires_at > NOW,
        exists(select(Session.id).where(Session.id == RefreshToken.session_id, *ALIVE)),
    )
    .values(
        used_at=NOW,
        successor=bind("successor", RefreshToken.successor),
        successor_hash=bind("successor_hash", RefreshToken.successor_hash),
    )
)
ERASE: Statement[None] = Statement(
    update(RefreshToken).where(any_of(RefreshToken.token_hash, "token_hashes")).values(successor=None)
)
LEFT_SEALED = Statement(
    select(RefreshToken.token_hash).where(
        RefreshToken.successor.is_not(None), RefreshToken.used_at < bind("before", UtcDateTime)
    ),
    str,
)


class SessionRepository(Repository):
    """Rows of sessions, for the keeper alone (`service/keeping.py`): a row is not all that says whether a session is alive.

    Those of a user are found by session and user, so a stranger's is not there.
    """

    async def add(self, row: SessionRow) -> None:
        """A new session."""
        await self.uow.run(
            ADD_SESSION,
            id=row.id,
            user_id=row.user_id,
            transport=row.transport,
            method=row.method,
            second_factor=row.second_factor,
            device=row.device,
            ip_address=row.ip_address,
            place=row.place,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            authenticated_at=row.authenticated_at,
            expires_at=row.expires_at,
            impersonator_id=row.impersonator_id,
            impersonator_session_id=row.impersonator_session_id,
            origin_id=row.origin_id,
        )

    async def earlier(self, user_id: UUID, device: str | None, ip_address: str | None, since: datetime) -> EarlierSignIns:
        """The sessions that a user himself began since a moment, alive or not."""
        return await self.uow.only(EARLIER, user_id=user_id, device=device, ip_address=ip_address, since=since)

    async def live(self, ids: Sequence[UUID], now: datetime) -> list[LiveSession]:
        """Those of the sessions that have not ended."""
        return await self.uow.all(LIVE, ids=list(ids), now=now) if ids else []

    async def alive(self, session_id: UUID, now: datetime) -> SessionRow | None:
        """A session that has not ended."""
        return await self.uow.one(BY_ID, session_id=session_id, now=now)

    async def ids_of(self, user_id: UUID, now: datetime) -> list[UUID]:
        """The sessions of the user that have not ended."""
        return await self.uow.all(IDS_OF_USER, user_id=user_id, now=now)

    async def prune(self, transport: str, before: datetime) -> int:
        """Remove the sessions of a transport that were over before then; how many there were."""
        return await self.uow.run(PRUNE, transport=transport, before=before)

    async def owner_of(self, session_id: UUID) -> UUID | None:
        """Whose session it is, alive or not; for the log of a refusal only."""
        return await self.uow.value(OWNER, session_id=session_id)

    async def touch(self, session_id: UUID, now: datetime) -> bool:
        """Note the use; False when the session is not alive."""
        return await self.uow.run(TOUCH, session_id=session_id, now=now) == 1

    async def prove(self, user_id: UUID, session_id: UUID, second_factor: str | None, now: datetime) -> bool:
        """Note that everything was proved again; False when the session is not alive."""
        changed = await self.uow.run(PROVE, user_id=user_id, session_id=session_id, second_factor=second_factor, now=now)
        return changed == 1

    async def end(self, user_id: UUID, session_id: UUID, reason: str, now: datetime) -> bool:
        """End a session of the user; False when there is none to end."""
        return await self.uow.run(END, user_id=user_id, session_id=session_id, reason=reason, now=now) == 1

    async def end_several(self, ids: Sequence[UUID], reason: str, now: datetime) -> list[UUID]:
        """End sessions; those that were alive."""
        return await self.uow.all(END_SEVERAL, ids=list(ids), reason=reason, now=now) if ids else []

    async def end_all(self, user_id: UUID, reason: str, now: datetime, but: UUID | None = None) -> list[UUID]:
        """End all sessions of the user, perhaps but one; which they were."""
        if but is None:
            return await self.uow.all(END_ALL, user_id=user_id, reason=reason, now=now)
        return await self.uow.all(END_OTHERS, user_id=user_id, reason=reason, now=now, session_id=but)

    async def end_of_origins(self, user_id: UUID, origin_ids: Sequence[UUID], reason: str, now: datetime) -> list[UUID]:
        """End those of the user that began at these origins; which they were."""
        return await self.uow.all(END_OF_ORIGINS, user_id=user_id, origin_ids=list(origin_ids), reason=reason, now=now)

    async def end_acting_as(self, impersonator_id: UUID, user_id: UUID, reason: str, now: datetime) -> list[UUID]:
        """End the sessions in which somebody acts as the user; which they were."""
        return await self.uow.all(END_ACTING_AS, impersonator_id=impersonator_id, user_id=user_id, reason=reason, now=now)

    async def end_orphans(self, impersonator_id: UUID, reason: str, now: datetime) -> list[UUID]:
        """End the sessions in which somebody acts as others, when the one of his own that they began in has ended."""
        return await self.uow.all(END_ORPHANS, impersonator_id=impersonator_id, reason=reason, now=now)


class RefreshTokenRepository(Repository):
    """Refresh tokens, found by hash only."""

    async def add(self, session_id: UUID, token_hash: str, expires_at: datetime) -> None:
        """The one live token of a session. The index refuses a second."""
        await self.uow.run(ADD_TOKEN, session_id=session_id, token_hash=token_hash, expires_at=expires_at)

    async def by_hash(self, token_hash: str) -> TokenRow | None:
        """A token and the state of its session."""
        return await self.uow.one(TOKEN, token_hash=token_hash)

    async def claim(self, token_hash: str, successor: bytes | None, successor_hash: str, now: datetime) -> bool:
        """Use the token up, and keep its sealed successor; False for all but the first."""
        changed = await self.uow.run(CLAIM, token_hash=token_hash, successor=successor, successor_hash=successor_hash, now=now)
        return changed == 1

    async def erase(self, token_hashes: Sequence[str]) -> int:
        """Erase what is sealed in these tokens."""
        return await self.uow.run(ERASE, token_hashes=sorted(token_hashes))

    async def left_sealed(self, before: datetime) -> list[str]:
        """Tokens used before a moment that still hold a successor."""
        return await self.uow.all(LEFT_SEALED, before=before)
