"""Clients: making, showing, proving, rotating and deleting them."""

from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.observability import security_events
from mainspring.core.security.principal import Principal
from mainspring.modules.access.service import Powers
from mainspring.modules.auth.service import SessionService
from mainspring.modules.users.ports import AccountGuard
from mainspring.modules.users.rows import SERVICE
from mainspring.modules.users.service import UserService

from ..errors import ClientIsPublic, ClientNotFound, InvalidClient, NotAServiceAccount, RedirectRefused
from ..events import ClientCreated, ClientDeleted, ClientEvent, ClientSecretRotated
from ..forms import Credentials
from ..proofs import hash_of, is_secret, new_secret
from ..redirects import problem_of
from ..repository import CLIENTS, ClientRepository, GrantRepository
from ..rows import PUBLIC, ClientRow, ShownClient
from ..schemas import ClientQuery, CreateClient
from ..scopes import known, permissions_in


class ClientService:
    """Whoever has `oauth-clients:manage` handles clients. `caller` is None for whoever runs the installation.

    A client that acts as a service account gets no scope that its maker does not hold: he would reach beyond himself. What the
    others may do is bounded by each person who lets them in.
    """

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.clients = ClientRepository(uow)

    async def create(self, caller: Principal | None, wish: CreateClient) -> ShownClient:
        """Make a client; the secret of a confidential one is shown in this answer only.

        Raises ScopeUnknown, RedirectRefused, UserNotFound, NotAServiceAccount, AdministratorProtected, BeyondOwnAccess.
        """
        scopes = known(wish.scopes)
        for index, address in enumerate(wish.redirect_uris):
            if problem := problem_of(address):
                raise RedirectRefused(index, problem)
        await self._may_act(caller, wish.service_account_id, scopes)
        now = clock.now()
        client = ClientRow(
            id=ids.new(),
            name=wish.name,
            kind=wish.kind,
            redirect_uris=list(wish.redirect_uris),
            grants=list(wish.grants),
            scopes=list(scopes),
            service_account_id=wish.service_account_id,
            created_by=caller.id if caller else None,
            created_at=now,
            updated_at=now,
            version=1,
        )
        secret = None if wish.kind == PUBLIC else new_secret()
        added = await self.clients.add(client, hash_of(secret) if secret else None)
        self.uow.publish(_fact(ClientCreated, added))
        return ShownClient(added, secret)

    async def find(self, query: ClientQuery) -> Page[ClientRow] | Slice[ClientRow]:
        """The clients that a query asks for."""
        return await query.fetch(self.uow, CLIENTS)

    async def get(self, id: UUID) -> ClientRow:
        """A client. Raises ClientNotFound."""
        client = await self.clients.by_id(id)
        if client is None:
            raise ClientNotFound()
        return client

    async def named(self, client_id: str) -> ClientRow | None:
        """The client of a request's `client_id`; None when there is none."""
        try:
            id = UUID(client_id)
        except ValueError:
            return None
        return await self.clients.by_id(id) if str(id) == client_id else None

    async def proved(self, credentials: Credentials) -> ClientRow:
        """The client that asks. A confidential one shows its secret, a public one shows none. Raises InvalidClient."""
        client = await self.named(credentials.client_id)
        stored = await self.clients.secret_hash(client.id) if client else None
        right = is_secret(credentials.secret or "", stored)
        if client is not None and (right or (client.is_public and credentials.secret is None)):
            return client
        security_events.suspicious_activity(None, "oauth_client_refused", clientId=str(client.id) if client else None)
        raise InvalidClient()

    async def rotate(self, caller: Principal | None, id: UUID) -> ShownClient:
        """Give a client another secret; the old one is worth nothing at once.

        Raises ClientNotFound, ClientIsPublic, and what `create` raises about the service account.
        """
        client = await self.get(id)
        await self._may_act(caller, client.service_account_id, client.scopes)
        secret = new_secret()
        rotated = await self.clients.rotate(id, hash_of(secret))
        if rotated is None:
            raise ClientIsPublic()
        self.uow.publish(_fact(ClientSecretRotated, rotated))
        return ShownClient(rotated, secret)

    async def delete(self, id: UUID) -> None:
        """Delete a client, and end everything that it was given. Raises ClientNotFound."""
        if not await self.clients.hold(id):
            raise ClientNotFound()
        client = await self.get(id)
        grants = await GrantRepository(self.uow).of_client(id)
        await SessionService(self.uow).end_several([grant.id for grant in grants], "client_deleted")
        await self.clients.remove(id)
        self.uow.publish(_fact(ClientDeleted, client))

    async def _may_act(self, caller: Principal | None, account_id: UUID | None, scopes: list[str] | tuple[str, ...]) -> None:
        if account_id is None:
            return
        account = await UserService(self.uow).get(account_id)
        if account.kind != SERVICE:
            raise NotAServiceAccount(account_id)
        if caller is not None:
            await self.uow.port(AccountGuard).may_change(self.uow, caller, account_id)
        (await Powers.of(self.uow, caller)).require(permissions_in(scopes))


def _fact(kind: type[ClientEvent], client: ClientRow) -> ClientEvent:
    return kind(client.id, client.name, tuple(client.scopes))
