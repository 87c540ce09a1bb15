"""The owner of a device types what its screen shows, and decides (RFC 8628 3.3)."""

from dataclasses import dataclass

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.csrf import CsrfTokens
from mainspring.modules.users.rows import UserRow

from ..rows import ClientRow, DeviceRow
from ..service import ClientService, DeviceService
from .visiting import Browser, Visitor, refuse_forged, visitor_of


@dataclass(frozen=True, slots=True)
class AskDevice:
    """The user has to decide about a device. `csrf_token` proves that the answer comes from our page."""

    client: ClientRow
    scopes: list[str]
    user: UserRow
    csrf_token: str


class Verifying:
    """A code is looked up only for somebody who signed in, and wrong ones are counted for him and for his network."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context
        self.csrf = application.resolve(CsrfTokens)

    async def consider(self, user_code: str, browser: Browser) -> AskDevice | None:
        """What the device wants; None when nobody is signed in. Raises UserCodeUnknown, TooManyRequests."""
        visitor = await self._visitor(browser)
        if visitor is None:
            return None
        device, client = await self._find(user_code, visitor)
        return AskDevice(client, device.scopes, visitor.user, self.csrf.of(visitor.session.id))

    async def decide(self, user_code: str, browser: Browser, csrf_token: str, *, allowed: bool) -> bool:
        """The answer of the user; False when nobody is signed in. Raises UserCodeUnknown, TooManyRequests, CsrfMismatch."""
        visitor = await self._visitor(browser)
        if visitor is None:
            return False
        refuse_forged(self.csrf, csrf_token, visitor)
        device, _ = await self._find(user_code, visitor)
        async with self.application.unit(self.context) as uow:
            await DeviceService(uow).decide(device, visitor.session, allowed=allowed)
        return True

    async def _visitor(self, browser: Browser) -> Visitor | None:
        async with self.application.reading(self.context) as uow:
            return await visitor_of(uow, browser)

    async def _find(self, user_code: str, visitor: Visitor) -> tuple[DeviceRow, ClientRow]:
        limit = self.application.resolve(FailureLimit)
        async with (
            limit.attempt(str(visitor.user.id), self.context.address, kind="device"),
            self.application.reading(self.context) as uow,
        ):
            device = await DeviceService(uow).waiting(user_code)
            return device, await ClientService(uow).get(device.client_id)
