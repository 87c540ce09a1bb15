"""The questions to the database about clients, consents, codes and grants."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from mainspring.core.database import Listing, Repository, Statement, UtcDateTime, bind, insert_into, update_of, upsert

from .models import OAuthClient, OAuthCode, OAuthConsent, OAuthGrant
from .rows import ClientRow, CodeRow, ConsentRow, GrantRow, SecretRow

NOW = bind("now", UtcDateTime)
CLIENT = tuple(getattr(OAuthClient, field.name) for field in fields(ClientRow))
CODE = tuple(getattr(OAuthCode, field.name) for field in fields(CodeRow))
GRANT = tuple(getattr(OAuthGrant, field.name) for field in fields(GrantRow))
THIS_CLIENT = OAuthClient.id == bind("id", OAuthClient.id)
THIS_GRANT = OAuthGrant.id == bind("id", OAuthGrant.id)
BY_CODE = OAuthCode.code_hash == bind("code_hash", OAuthCode.code_hash)
CONSENT_OF = (
    OAuthConsent.user_id == bind("user_id", OAuthConsent.user_id),
    OAuthConsent.client_id == bind("client_id", OAuthConsent.client_id),
)
CONSENT = (
    OAuthConsent.client_id,
    OAuthClient.name.label("client_name"),
    OAuthConsent.scopes,
    OAuthConsent.created_at,
    OAuthConsent.updated_at,
)

CLIENT_BY_ID = Statement(select(*CLIENT).where(THIS_CLIENT), ClientRow)
SECRET = Statement(select(OAuthClient.secret_hash).where(THIS_CLIENT), SecretRow)
CLIENTS = Listing(
    select(*CLIENT),
    ClientRow,
    sorts={"createdAt": OAuthClient.created_at, "name": OAuthClient.name},
    default="-createdAt",
    key=OAuthClient.id,
)
ADD_CLIENT = Statement(insert_into(OAuthClient).returning(*CLIENT), ClientRow)
ROTATE = Statement(
    update_of(OAuthClient)
    .where(THIS_CLIENT, OAuthClient.secret_hash.is_not(None))
    .values(secret_hash=bind("secret_hash", OAuthClient.secret_hash))
    .returning(*CLIENT),
    ClientRow,
)
HOLD = Statement(select(OAuthClient.id).where(THIS_CLIENT).with_for_update(), UUID)
REMOVE_CLIENT: Statement[None] = Statement(delete(OAuthClient).where(THIS_CLIENT))

CONSENTS = Listing(
    select(*CONSENT).join_from(OAuthConsent, OAuthClient, OAuthClient.id == OAuthConsent.client_id),
    ConsentRow,
    filters={"user_id": OAuthConsent.user_id == bind("user_id", OAuthConsent.user_id)},
    sorts={"createdAt": OAuthConsent.created_at},
    default="-createdAt",
    key=OAuthConsent.client_id,
)
CONSENTED = Statement(
    select(*CONSENT).join_from(OAuthConsent, OAuthClient, OAuthClient.id == OAuthConsent.client_id).where(*CONSENT_OF), ConsentRow
)
REMEMBER: Statement[None] = Statement(upsert(OAuthConsent, keys=("user_id", "client_id"), change=("scopes",)))
FORGET: Statement[None] = Statement(delete(OAuthConsent).where(*CONSENT_OF))

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


class ClientRepository(Repository):
    """Clients."""

    async def by_id(self, id: UUID) -> ClientRow | None:
        """A client."""
        return await self.uow.one(CLIENT_BY_ID, id=id)

    async def secret_hash(self, id: UUID) -> str | None:
        """The hash of its secret; None for a public or unknown one."""
        found = await self.uow.one(SECRET, id=id)
        return found.secret_hash if found else None

    async def add(self, client: ClientRow, secret_hash: str | None) -> ClientRow:
        """A new client."""
        return await self.uow.only(
            ADD_CLIENT,
            id=client.id,
            name=client.name,
            kind=client.kind,
            secret_hash=secret_hash,
            redirect_uris=client.redirect_uris,
            grants=client.grants,
            scopes=client.scopes,
            service_account_id=client.service_account_id,
            created_by=client.created_by,
        )

    async def rotate(self, id: UUID, secret_hash: str) -> ClientRow | None:
        """Another secret; None when there is none to replace."""
        return await self.uow.one(ROTATE, id=id, secret_hash=secret_hash)

    async def hold(self, id: UUID) -> bool:
        """Wait for the client's exchanges under way, and let none begin until the unit ends; False when it is gone."""
        return await self.uow.value(HOLD, id=id) is not None

    async def remove(self, id: UUID) -> bool:
        """Delete it with its consents, codes and grants; False when it is gone already."""
        return await self.uow.run(REMOVE_CLIENT, id=id) == 1


class ConsentRepository(Repository):
    """What people allowed clients."""

    async def of(self, user_id: UUID, client_id: UUID) -> ConsentRow | None:
        """What somebody allowed a client."""
        return await self.uow.one(CONSENTED, user_id=user_id, client_id=client_id)

    async def remember(self, user_id: UUID, client_id: UUID, scopes: Sequence[str]) -> None:
        """Allow these from now on."""
        await self.uow.run(REMEMBER, user_id=user_id, client_id=client_id, scopes=list(scopes))

    async def forget(self, user_id: UUID, client_id: UUID) -> bool:
        """Take it back; False when there is nothing."""
        return await self.uow.run(FORGET, user_id=user_id, client_id=client_id) == 1


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
        )

    async def by_id(self, session_id: UUID) -> GrantRow | None:
        """The grant of a session."""
        return await self.uow.one(GRANT_BY_ID, id=session_id)

    async def of_client(self, client_id: UUID) -> list[GrantRow]:
        """Every grant of a client, whether its session is alive or not."""
        return await self.uow.all(GRANTS_OF_CLIENT, client_id=client_id)

    async def of(self, user_id: UUID, client_id: UUID) -> list[GrantRow]:
        """Those of one user."""
        return await self.uow.all(GRANTS_OF, user_id=user_id, client_id=client_id)
