"""What clients send ahead of a person: requests (RFC 9126), and devices that begin to wait (RFC 8628 3.1)."""

from collections.abc import Mapping

from mainspring.core.application import Application
from mainspring.core.context import Context

from ..errors import InvalidDpopProof, InvalidRequest, InvalidScope
from ..forms import credentials_of
from ..rows import DEVICE, ClientRow, OfferedDevice
from ..scopes import asked
from ..service import ClientService, DeviceService, PushedService, RequestService
from ..service.grants import may_use
from .proving_keys import key_of

OF_THE_CLIENT = ("client_secret", "client_assertion", "client_assertion_type")


class Pushing:
    """The client proves itself first; then one short unit keeps what it sent."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def request(self, headers: Mapping[str, str], form: Mapping[str, str]) -> str:
        """The address of an authorization request. It is checked now, and again when the browser comes.

        Raises InvalidClient, InvalidRequest, InvalidDpopProof, BadAuthorization, Declined.
        """
        client = await self._proved(headers, form)
        if "request_uri" in form:
            raise InvalidRequest("A pushed request names no other.")
        parameters = {name: value for name, value in form.items() if name not in OF_THE_CLIENT} | {"client_id": str(client.id)}
        key = await key_of(self.application, self.context, headers)
        if key is not None and parameters.setdefault("dpop_jkt", key) != key:
            raise InvalidDpopProof()
        async with self.application.unit(self.context) as uow:
            await RequestService(uow).check(parameters)
            return await PushedService(uow).keep(client, parameters)

    async def device(self, headers: Mapping[str, str], form: Mapping[str, str]) -> OfferedDevice:
        """Let a device wait. Raises InvalidClient, InvalidRequest, UnauthorizedClient, InvalidScope."""
        client = await self._proved(headers, form)
        may_use(client, DEVICE)
        scopes = asked(form.get("scope"), client.scopes)
        if not scopes:
            raise InvalidScope("The request names no scope.")
        async with self.application.unit(self.context) as uow:
            return await DeviceService(uow).offer(client, scopes)

    async def _proved(self, headers: Mapping[str, str], form: Mapping[str, str]) -> ClientRow:
        credentials = credentials_of(headers, form)
        async with self.application.reading(self.context) as uow:
            return await ClientService(uow).proved(credentials)
