"""What clients may learn about tokens, and taking them back (RFC 7662, RFC 7009, OpenID Connect Core 5.3)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Unauthenticated
from mainspring.core.security.principal import Principal
from mainspring.core.security.refusals import TokenMissing
from mainspring.core.security.tokens import AccessTokens
from mainspring.modules.auth.ports import CLIENT
from mainspring.modules.auth.rows import PresentedRefresh
from mainspring.modules.auth.service import RotationService
from mainspring.modules.users.service import UserService

from ..errors import InsufficientScope, InvalidClient, InvalidGrant, InvalidRequest
from ..forms import credentials_of
from ..rows import ClientRow, GrantRow
from ..scopes import EMAIL, OPENID, PROFILE
from ..service import ClientService, GrantService

Claims = dict[str, Any]  # Any: JSON values
DEAD: Claims = {"active": False}


class Looking:
    """Every question is a reading unit or two."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def introspect(self, headers: Mapping[str, str], form: Mapping[str, str]) -> Claims:
        """What a token is worth now, for confidential clients. One that is dead, or not of a client, is not active and no more.

        A refresh token is told to its own client only. Raises InvalidClient, InvalidRequest.
        """
        client, token = await self._asked(headers, form)
        if client.is_public:
            raise InvalidClient("Only a confidential client may ask.")
        if "." in token:
            return await self._access(token)
        return await self._refresh(client, token)

    async def revoke(self, headers: Mapping[str, str], form: Mapping[str, str]) -> None:
        """End what a token belongs to, if it is one of this client; else nothing, and no word about it.

        Raises InvalidClient, InvalidRequest.
        """
        client, token = await self._asked(headers, form)
        grant = await self._grant_of(client, token)
        if grant is None:
            return
        async with self.application.unit(self.context) as uow:
            await GrantService(uow).end(grant)

    async def person(self, caller: Principal | None) -> Claims:
        """What the client may know about the account behind its token. Raises TokenMissing, InsufficientScope."""
        if caller is None:
            raise TokenMissing()
        scopes = caller.scopes or frozenset()
        if caller.client_id is None or OPENID not in scopes:
            raise InsufficientScope()
        async with self.application.reading(self.context) as uow:
            user = await UserService(uow).get(caller.id)
        claims: Claims = {"sub": str(user.id)}
        if PROFILE in scopes:
            told = {"name": user.name, "given_name": user.first_name, "family_name": user.last_name, "picture": user.avatar_url}
            claims |= {name: value for name, value in told.items() if value}
            claims["updated_at"] = int(user.updated_at.timestamp())
        if EMAIL in scopes:
            claims |= {"email": user.email, "email_verified": user.email_verified}
        return claims

    async def _asked(self, headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[ClientRow, str]:
        credentials = credentials_of(headers, form)
        async with self.application.reading(self.context) as uow:
            client = await ClientService(uow).proved(credentials)
        token = form.get("token")
        if token is None:
            raise InvalidRequest("The parameter token is missing.")
        return client, token

    async def _access(self, token: str) -> Claims:
        try:
            claims = self.application.resolve(AccessTokens).verify(token)
            caller = await self.application.authenticator.of_token(token.encode("latin-1", "replace"), proved=True)
        except Unauthenticated:
            return DEAD
        if claims.client is None:
            return DEAD
        key = claims.client.key_thumbprint
        return {
            "active": True,
            "scope": " ".join(sorted(claims.client.scopes)),
            "client_id": claims.client.id,
            "token_type": "DPoP" if key else "Bearer",
            **({"cnf": {"jkt": key}} if key else {}),
            "exp": int(claims.expires_at.timestamp()),
            "sub": str(caller.id),
            "aud": self.application.settings.jwt_audience,
            "iss": self.application.settings.jwt_issuer,
            "jti": claims.token_id,
        }

    async def _refresh(self, client: ClientRow, token: str) -> Claims:
        async with self.application.reading(self.context) as uow:
            try:
                grant, _ = await GrantService(uow).of_refresh(client, token)
                row = await RotationService(uow).live(PresentedRefresh(token, CLIENT, lambda session_id: None))
            except (InvalidGrant, Unauthenticated):
                return DEAD
            standing = await UserService(uow).standing([grant.user_id])
        if row.used_at is not None or not standing:
            return DEAD
        return {
            "active": True,
            "scope": " ".join(grant.scopes),
            "client_id": str(grant.client_id),
            "exp": int(min(row.expires_at, row.session_expires_at).timestamp()),
            "sub": str(grant.user_id),
            "iss": self.application.settings.jwt_issuer,
        }

    async def _grant_of(self, client: ClientRow, token: str) -> GrantRow | None:
        session_id = self._session_of(token)
        async with self.application.reading(self.context) as uow:
            grants = GrantService(uow)
            if session_id is not None:
                grant = await grants.of_session(session_id)
                return grant if grant and grant.client_id == client.id else None
            try:
                return (await grants.of_refresh(client, token))[0]
            except InvalidGrant:
                return None

    def _session_of(self, token: str) -> UUID | None:
        """The session of an access token of ours that is not over; None for everything else."""
        if "." not in token:
            return None
        try:
            return self.application.resolve(AccessTokens).verify(token).session_id
        except Unauthenticated:
            return None
