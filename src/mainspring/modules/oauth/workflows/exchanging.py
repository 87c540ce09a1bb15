"""What the token endpoint does: prove the client, spend what it shows, sign (RFC 6749 3.2)."""

from collections.abc import Mapping

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Unauthenticated
from mainspring.core.security.tokens import AccessToken, AccessTokens, ForClient
from mainspring.modules.auth.ports import ClientTokens
from mainspring.modules.auth.service import SessionService

from ..errors import InvalidDpopProof, InvalidGrant, InvalidRequest, InvalidScope, UnsupportedGrantType
from ..forms import credentials_of
from ..id_tokens import IdTokens, SignIn
from ..rows import CODE, CREDENTIALS, DEVICE, REFRESH, ClientRow, Given
from ..scopes import OPENID, asked, permissions_in
from ..service import ClientService, DeviceService, GrantService
from ..service.grants import Granted, ShownCode, may_use
from .proving_keys import key_of


class Exchanging:
    """Each grant is one short unit; signing happens behind it."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.tokens: ClientTokens = application.resolve(ClientTokens)

    async def run(self, headers: Mapping[str, str], form: Mapping[str, str]) -> Given:
        """Raises InvalidClient, InvalidRequest, InvalidGrant, InvalidScope, UnauthorizedClient, UnsupportedGrantType.

        For a device also AuthorizationPending, SlowDown, DeviceDenied, DeviceExpired.
        """
        credentials = credentials_of(headers, form)
        async with self.application.reading(self.context) as uow:
            client = await ClientService(uow).proved(credentials)
        grant = _needed(form, "grant_type")
        if grant not in (CODE, REFRESH, CREDENTIALS, DEVICE):
            raise UnsupportedGrantType()
        may_use(client, grant)
        key = await key_of(self.application, self.context, headers)
        if grant == CODE:
            return await self._of_code(client, form, key)
        if grant == DEVICE:
            return await self._of_device(client, form, key)
        return await (self._of_refresh(client, form, key) if grant == REFRESH else self._of_itself(client, form, key))

    async def _of_code(self, client: ClientRow, form: Mapping[str, str], key: str | None) -> Given:
        code, redirect_uri = _needed(form, "code"), _needed(form, "redirect_uri")
        shown = ShownCode(code, redirect_uri, _needed(form, "code_verifier"), key)
        async with self.application.unit(self.context) as uow:
            granted = await GrantService(uow).exchange(client, shown)
        return self._given(client, granted, can_refresh=REFRESH in client.grants)

    async def _of_device(self, client: ClientRow, form: Mapping[str, str], key: str | None) -> Given:
        device_code = _needed(form, "device_code")
        async with self.application.unit(self.context) as uow:
            granted = await DeviceService(uow).exchange(client, device_code, key)
        return self._given(client, granted, can_refresh=REFRESH in client.grants)

    async def _of_refresh(self, client: ClientRow, form: Mapping[str, str], key: str | None) -> Given:
        token = _needed(form, "refresh_token")
        async with self.application.reading(self.context) as uow:
            grant, _ = await GrantService(uow).of_refresh(client, token)
        if grant.key_thumbprint is not None and key != grant.key_thumbprint:
            raise InvalidDpopProof()
        left = [scope for scope in grant.scopes if scope in client.scopes]  # a client may lose scopes meanwhile
        scopes = asked(form.get("scope"), left) or tuple(left)
        if not scopes:
            raise InvalidScope()
        try:
            tokens = await self.tokens.refresh(self.context, token, lambda session_id: None)
        except Unauthenticated as refused:
            raise InvalidGrant(str(refused)) from None
        async with self.application.reading(self.context) as uow:
            session = await SessionService(uow).alive(tokens.session_id)
        return self._given(client, Granted(tokens, scopes, session, key_thumbprint=grant.key_thumbprint), can_refresh=True)

    async def _of_itself(self, client: ClientRow, form: Mapping[str, str], key: str | None) -> Given:
        own = permissions_in(client.scopes)
        scopes = asked(form.get("scope"), own) or own
        if not scopes:
            raise InvalidScope()
        async with self.application.unit(self.context) as uow:
            granted = await GrantService(uow).serve(client, scopes, key)
        return self._given(client, granted, can_refresh=False)

    def _given(self, client: ClientRow, granted: Granted, *, can_refresh: bool) -> Given:
        tokens, scopes = granted.tokens, tuple(granted.scopes)
        access = self.tokens.sign(tokens, ForClient(str(client.id), frozenset(scopes), granted.key_thumbprint))
        id_token = self._id_token(client, granted, access) if OPENID in scopes else None
        return Given(
            access,
            "DPoP" if granted.key_thumbprint else "Bearer",
            scopes,
            tokens.refresh_token if can_refresh else None,
            id_token,
        )

    def _id_token(self, client: ClientRow, granted: Granted, access: AccessToken) -> str | None:
        session, tokens = granted.session, granted.tokens
        if session is None:  # it ended since; so did what we are about to hand out
            return None
        told = SignIn(
            user_id=tokens.user_id,
            session_id=tokens.session_id,
            client_id=str(client.id),
            authenticated_at=session.authenticated_at,
            method=session.method,
            second_factor=session.second_factor,
            nonce=granted.nonce,
            access_token=access.text,
        )
        return IdTokens(self.application.resolve(AccessTokens).keys, self.application.settings.jwt_issuer).sign(told)


def _needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if value is None:
        raise InvalidRequest(f"The parameter {name} is missing.")
    return value
