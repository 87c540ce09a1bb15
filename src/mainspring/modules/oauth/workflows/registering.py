"""Programs that make themselves clients, where that is switched on (RFC 7591)."""

from hmac import compare_digest

from pydantic import ValidationError

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Invalid
from mainspring.core.limits.tries import TryLimit

from ..errors import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    LogoutAddressRefused,
    RedirectRefused,
    RegistrationOff,
    RegistrationRefused,
)
from ..rows import CODE, DEVICE, REFRESH, ShownClient
from ..schemas import CreateClient, RegisterClient
from ..service import ClientService
from ..settings import Settings

OFFERED = {CODE, REFRESH, DEVICE}  # none of them acts without a person who agreed


class Registering:
    """Whoever may register is decided by setting; how often, by a limit for each network."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.settings = application.settings.section(Settings)

    async def run(self, token: str | None, body: bytes) -> tuple[ShownClient, RegisterClient]:
        """The client that the program is from now on.

        Raises RegistrationOff, RegistrationRefused, InvalidRedirectUri, InvalidClientMetadata, TooManyRequests.
        """
        await self._refuse_strangers(token)
        wish = self._wish(body)
        try:
            return await self._registered(wish), wish
        except RedirectRefused as refused:
            raise InvalidRedirectUri(refused.problem) from None
        except LogoutAddressRefused as refused:
            raise InvalidClientMetadata(f"backchannel_logout_uri: {refused.problem}") from None
        except Invalid as refused:
            raise InvalidClientMetadata(refused.details[0]["message"]) from None

    async def _refuse_strangers(self, token: str | None) -> None:
        if self.settings.registration == "off":
            raise RegistrationOff()
        await self.application.resolve(TryLimit).count("oauth.registration", self.context.address)
        needed = self.settings.initial_token
        if self.settings.registration == "open" or needed is None:
            return
        if not compare_digest((token or "").encode("utf-8", "replace"), needed.encode()):
            raise RegistrationRefused()

    def _wish(self, body: bytes) -> RegisterClient:
        try:
            return RegisterClient.model_validate_json(body)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise (InvalidRedirectUri if place.startswith("redirect_uris") else InvalidClientMetadata)(
                f"{place}: {first['msg']}" if place else first["msg"]
            ) from None

    async def _registered(self, wish: RegisterClient) -> ShownClient:
        if not set(wish.grant_types) <= OFFERED:
            raise InvalidClientMetadata(
                "Clients that register themselves may use authorization_code, refresh_token, device_code."
            )
        scopes = wish.scope.split() if wish.scope is not None else list(self.settings.registration_scopes)
        if not set(scopes) <= set(self.settings.registration_scopes):
            raise InvalidClientMetadata("A scope is not offered to clients that register themselves.")
        try:
            whole = CreateClient(
                name=wish.client_name,
                kind=wish.kind,
                redirect_uris=wish.redirect_uris,
                post_logout_redirect_uris=wish.post_logout_redirect_uris,
                grants=wish.grant_types,
                scopes=scopes,
                backchannel_logout_uri=wish.backchannel_logout_uri,
                backchannel_logout_session_required=wish.backchannel_logout_session_required,
            )
        except ValidationError as wrong:
            raise InvalidClientMetadata(wrong.errors()[0]["msg"]) from None
        async with self.application.unit(self.context) as uow:
            return await ClientService(uow).register(whole)
