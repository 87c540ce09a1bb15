"""Clients: making, showing, proving, rotating and deleting them."""

from dataclasses import replace
from uuid import UUID

from pydantic.alias_generators import to_camel

from mainspring.core import clock, ids
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.errors import Conflict, PreconditionFailed
from mainspring.core.observability import security_events
from mainspring.core.security.principal import Principal
from mainspring.modules.access.service import Powers
from mainspring.modules.auth.service import SessionService
from mainspring.modules.users.ports import AccountGuard
from mainspring.modules.users.rows import SERVICE
from mainspring.modules.users.service import UserService

from ..errors import ClientIsPublic, ClientNotFound, InvalidClient, LogoutAddressRefused, NotAServiceAccount, RedirectRefused
from ..events import ClientCreated, ClientDeleted, ClientEvent, ClientSecretRotated, ClientUpdated
from ..forms import Credentials
from ..ports import LogoutSender
from ..proofs import hash_of, is_secret, new_secret
from ..redirects import problem_of
from ..repository import CLIENTS, ClientRepository, GrantRepository
from ..rows import PUBLIC, ClientRow, ShownClient
from ..schemas import ClientQuery, CreateClient, UpdateClient, fitting
from ..scopes import known, permissions_in
from .grants import CLIENT_GONE

ATTEMPTS = 5


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

        Raises ScopeUnknown, RedirectRefused, LogoutAddressRefused, UserNotFound, NotAServiceAccount, AdministratorProtected,
        BeyondOwnAccess.
        """
        scopes = self._checked(wish)
        await self._may_act(caller, wish.service_account_id, scopes)
        return await self._add(wish, scopes, caller.id if caller else None, registered_itself=False)

    async def register(self, wish: CreateClient) -> ShownClient:
        """The same for a program that asks for itself. It acts for people only, so it has no service account.

        Raises ScopeUnknown, RedirectRefused, LogoutAddressRefused.
        """
        return await self._add(wish, self._checked(wish), None, registered_itself=True)

    async def update(self, caller: Principal | None, id: UUID, wish: UpdateClient, version: int | None = None) -> ClientRow:
        """Change what the wish names. With `version`, only that version of the client.

        Scopes and grants that are taken away count from the next refresh on. Raises Invalid for what does not fit together,
        ClientNotFound, PreconditionFailed for another version, Conflict when others keep changing it, and what `create` raises.
        """
        for _ in range(ATTEMPTS):
            before = await self.get(id)
            if version is not None and version != before.version:
                raise PreconditionFailed()
            after = self._changed(before, wish)
            if after == before:
                return before
            await self._may_act(caller, after.service_account_id, after.scopes)
            changed = await self.clients.change(after, before.version)
            if changed is not None:
                self.uow.publish(_fact(ClientUpdated, changed))
                return changed
        raise Conflict()

    async def _add(
        self, wish: CreateClient, scopes: tuple[str, ...], created_by: UUID | None, *, registered_itself: bool
    ) -> ShownClient:
        now = clock.now()
        client = ClientRow(
            id=ids.new(),
            name=wish.name,
            kind=wish.kind,
            redirect_uris=list(wish.redirect_uris),
            post_logout_redirect_uris=list(wish.post_logout_redirect_uris),
            grants=list(wish.grants),
            scopes=list(scopes),
            backchannel_logout_uri=wish.backchannel_logout_uri or None,
            backchannel_logout_session_required=wish.backchannel_logout_session_required,
            service_account_id=wish.service_account_id,
            created_by=created_by,
            registered_itself=registered_itself,
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
        await SessionService(self.uow).end_several([grant.id for grant in grants], CLIENT_GONE)
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

    def _checked(self, wish: CreateClient) -> tuple[str, ...]:
        """The scopes of a wish that is right. Raises ScopeUnknown, RedirectRefused, LogoutAddressRefused."""
        for field in ("redirect_uris", "post_logout_redirect_uris"):
            for index, address in enumerate(getattr(wish, field)):
                if problem := problem_of(address):
                    raise RedirectRefused(to_camel(field), index, problem)
        if wish.backchannel_logout_uri and (problem := self.uow.port(LogoutSender).problem_of(wish.backchannel_logout_uri)):
            raise LogoutAddressRefused(problem)
        return known(wish.scopes)

    def _changed(self, before: ClientRow, wish: UpdateClient) -> ClientRow:
        """The client as it should be. Raises Invalid, and what `_checked` raises."""
        named = {name: value for name, value in wish.model_dump().items() if value is not None}
        kept = {name: getattr(before, name) for name in (*UpdateClient.model_fields, "kind", "service_account_id")}
        whole = fitting(kept | named)
        facts = {name: getattr(whole, name) for name in UpdateClient.model_fields}
        facts |= {"scopes": list(self._checked(whole)), "backchannel_logout_uri": whole.backchannel_logout_uri or None}
        return replace(before, **facts)


def _fact(kind: type[ClientEvent], client: ClientRow) -> ClientEvent:
    return kind(client.id, client.name, tuple(client.scopes))
