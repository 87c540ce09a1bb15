"""The questions to the database about codes and grants."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update

from mainspring.core.database import Repository, Statement, UtcDateTime, any_of, bind, insert_into

from ..models import OAuthClient, OAuthCode, OAuthGrant
from ..rows import CodeRow, GrantRow

NOW = bind("now", UtcDateTime)
CODE = tuple(getattr(OAuthCode, field.name) for field in fields(CodeRow))
GRANT = tuple(getattr(OAuthGrant, field.name) for field in fields(GrantRow))
THIS_GRANT = OAuthGrant.id == bind("id", OAuthGrant.id)
BY_CODE = OAuthCode.code_hash == bind("code_hash", OAuthCode.code_hash)

ADD_CODE: Statement[None] = Statement(insert_into(OAuthCode))
# Of any number of exchanges of a code exactly one changes a row, and none that another client asks for.
CLAIM = Statement(
    update(OAuthCode)
    .where(
        BY_CODE,
        OAuthCode.client_id == bind("client_id", OAuthCode.client_id),
        OAuthCode.used_at.is_(None),
        OAuthCode.expires_at > NOW,
    )
    .values(used_at=NOW)
    .returning(*CODE),
    CodeRow,
)
USED = Statement(
    select(*CODE).where(BY_CODE, OAuthCode.client_id == bind("client_id", OAuthCode.client_id), OAuthCode.used_at.is_not(None)),
    CodeRow,
)
NOTE_GIVEN: Statement[None] = Statement(
    update(OAuthCode)
    .where(OAuthCode.id == bind("id", OAuthCode.id))
    .values(given_session_id=bind("given", OAuthCode.given_session_id))
)
FORGET: Statement[None] = Statement(delete(OAuthCode).where(OAuthCode.user_id == bind("user_id", OAuthCode.user_id)))
PRUNE_CODES: Statement[None] = Statement(delete(OAuthCode).where(OAuthCode.expires_at < bind("before", UtcDateTime)))

ADD_GRANT: Statement[None] = Statement(insert_into(OAuthGrant))
GRANT_BY_ID = Statement(select(*GRANT).where(THIS_GRANT), GrantRow)
GRANTS_OF_CLIENT = Statement(select(*GRANT).where(OAuthGrant.client_id == bind("client_id", OAuthGrant.client_id)), GrantRow)
GRANTS_OF = Statement(
    select(*GRANT).where(
        OAuthGrant.user_id == bind("user_id", OAuthGrant.user_id), OAuthGrant.client_id == bind("client_id", OAuthGrant.client_id)
    ),
    GrantRow,
)
# Of any number of ends that concern a grant exactly one tells its client.
SIGN_OUT = Statement(
    update(OAuthGrant)
    .where(
        or_(any_of(OAuthGrant.id, "session_ids"), any_of(OAuthGrant.page_session_id, "session_ids")),
        OAuthGrant.signed_out_at.is_(None),
        exists(
            select(OAuthClient.id).where(OAuthClient.id == OAuthGrant.client_id, OAuthClient.backchannel_logout_uri.is_not(None))
        ),
    )
    .values(signed_out_at=NOW)
    .returning(*GRANT),
    GrantRow,
)
MOVE: Statement[None] = Statement(
    update(OAuthGrant)
    .where(OAuthGrant.page_session_id == bind("before", OAuthGrant.page_session_id))
    .values(page_session_id=bind("after", OAuthGrant.page_session_id))
)


class CodeRepository(Repository):
    """Authorization codes."""

    async def add(self, row: CodeRow, code_hash: str, now: datetime, expires_at: datetime) -> None:
        """A new code."""
        await self.uow.run(
            ADD_CODE,
            id=row.id,
            code_hash=code_hash,
            client_id=row.client_id,
            user_id=row.user_id,
            session_id=row.session_id,
            redirect_uri=row.redirect_uri,
            challenge=row.challenge,
            scopes=row.scopes,
            nonce=row.nonce,
            key_thumbprint=row.key_thumbprint,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
            given_session_id=None,
        )

    async def claim(self, code_hash: str, client_id: UUID, now: datetime) -> CodeRow | None:
        """Use it up; None for all but the first, for another client, and when its time is over."""
        return await self.uow.one(CLAIM, code_hash=code_hash, client_id=client_id, now=now)

    async def used(self, code_hash: str, client_id: UUID) -> CodeRow | None:
        """One that this client used before."""
        return await self.uow.one(USED, code_hash=code_hash, client_id=client_id)

    async def note_given(self, id: UUID, session_id: UUID) -> None:
        """Remember which session the code gave."""
        await self.uow.run(NOTE_GIVEN, id=id, given=session_id)

    async def forget(self, user_id: UUID) -> None:
        """Remove those of a user."""
        await self.uow.run(FORGET, user_id=user_id)

    async def prune(self, before: datetime) -> int:
        """Remove those that ended before then; how many there were."""
        return await self.uow.run(PRUNE_CODES, before=before)


class GrantRepository(Repository):
    """What clients may do in their sessions."""

    async def add(self, grant: GrantRow) -> None:
        """A new grant."""
        await self.uow.run(
            ADD_GRANT,
            id=grant.id,
            client_id=grant.client_id,
            user_id=grant.user_id,
            scopes=grant.scopes,
            key_thumbprint=grant.key_thumbprint,
            page_session_id=grant.page_session_id,
            signed_out_at=None,
        )

    async def sign_out(self, session_ids: Sequence[UUID], now: datetime) -> list[GrantRow]:
        """Note that these sessions ended; the grants that hang on them and whose clients want to be told, each once."""
        return await self.uow.all(SIGN_OUT, session_ids=list(session_ids), now=now)

    async def move(self, before: UUID, after: UUID) -> None:
        """Hang what hangs on one session of our pages on another."""
        await self.uow.run(MOVE, before=before, after=after)

    async def by_id(self, session_id: UUID) -> GrantRow | None:
        """The grant of a session."""
        return await self.uow.one(GRANT_BY_ID, id=session_id)

    async def of_client(self, client_id: UUID) -> list[GrantRow]:
        """Every grant of a client, whether its session is alive or not."""
        return await self.uow.all(GRANTS_OF_CLIENT, client_id=client_id)

    async def of(self, user_id: UUID, client_id: UUID) -> list[GrantRow]:
        """Those of one user."""
        return await self.uow.all(GRANTS_OF, user_id=user_id, client_id=client_id)
