"""The questions to the database about clients and what people allowed them."""

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from sqlalchemy import delete, select

from mainspring.core.database import Listing, Repository, Statement, bind, insert_into, update_of, upsert

from ..models import OAuthClient, OAuthConsent
from ..rows import ClientRow, ConsentRow, SecretRow

CLIENT = tuple(getattr(OAuthClient, field.name) for field in fields(ClientRow))
THIS_CLIENT = OAuthClient.id == bind("id", OAuthClient.id)
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
CHANGE = Statement(
    update_of(OAuthClient)
    .where(THIS_CLIENT, OAuthClient.version == bind("seen_version", OAuthClient.version))
    .values(
        name=bind("name", OAuthClient.name),
        redirect_uris=bind("redirect_uris", OAuthClient.redirect_uris),
        post_logout_redirect_uris=bind("post_logout_redirect_uris", OAuthClient.post_logout_redirect_uris),
        grants=bind("grants", OAuthClient.grants),
        scopes=bind("scopes", OAuthClient.scopes),
        backchannel_logout_uri=bind("backchannel_logout_uri", OAuthClient.backchannel_logout_uri),
        backchannel_logout_session_required=bind(
            "backchannel_logout_session_required", OAuthClient.backchannel_logout_session_required
        ),
    )
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
FORGET_ALL: Statement[None] = Statement(delete(OAuthConsent).where(OAuthConsent.user_id == bind("user_id", OAuthConsent.user_id)))
FORGET: Statement[None] = Statement(delete(OAuthConsent).where(*CONSENT_OF))


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
            post_logout_redirect_uris=client.post_logout_redirect_uris,
            grants=client.grants,
            scopes=client.scopes,
            backchannel_logout_uri=client.backchannel_logout_uri,
            backchannel_logout_session_required=client.backchannel_logout_session_required,
            service_account_id=client.service_account_id,
            created_by=client.created_by,
            registered_itself=client.registered_itself,
        )

    async def rotate(self, id: UUID, secret_hash: str) -> ClientRow | None:
        """Another secret; None when there is none to replace."""
        return await self.uow.one(ROTATE, id=id, secret_hash=secret_hash)

    async def change(self, after: ClientRow, seen_version: int) -> ClientRow | None:
        """The client with other facts; None when `seen_version` is no longer the current one."""
        return await self.uow.one(
            CHANGE,
            id=after.id,
            seen_version=seen_version,
            name=after.name,
            redirect_uris=after.redirect_uris,
            post_logout_redirect_uris=after.post_logout_redirect_uris,
            grants=after.grants,
            scopes=after.scopes,
            backchannel_logout_uri=after.backchannel_logout_uri,
            backchannel_logout_session_required=after.backchannel_logout_session_required,
        )

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

    async def forget_all(self, user_id: UUID) -> None:
        """Remove everything that a user allowed."""
        await self.uow.run(FORGET_ALL, user_id=user_id)
