"""Telling a client that somebody signed out (OpenID Connect Back-Channel Logout 1.0, 2.5)."""

from mainspring.core.jobs import GiveUp, JobRun
from mainspring.core.module import BootRefused
from mainspring.core.observability.logs import get_logger
from mainspring.core.outgoing import AddressRefused
from mainspring.core.security.keys import KeyRing

from ..errors import LogoutNotTaken
from ..id_tokens import IdTokens
from ..ports import LogoutSender
from ..rows import SendLogout
from ..service import ClientService

log = get_logger(__name__)


async def tell_client(run: JobRun, order: SendLogout) -> None:
    """Send it a fresh token; nothing when the client is gone or wants to hear nothing any more.

    Raises Unavailable when trying again may help, GiveUp when it cannot.
    """
    async with run.reading() as uow:
        client = await ClientService(uow).named(str(order.client_id))
    if client is None or client.backchannel_logout_uri is None:
        return
    application = run.application
    token = IdTokens(application.resolve(KeyRing), application.settings.jwt_issuer).sign_logout(order)
    try:
        status = await application.resolve(LogoutSender).send(client.backchannel_logout_uri, token)
    except (AddressRefused, BootRefused) as refused:
        log.warn("logout_token_not_sent", clientId=str(client.id), reason=getattr(refused, "reason", str(refused)))
        raise GiveUp("The address may not be asked.") from None
    if not 200 <= status < 300:
        log.warn("logout_token_not_taken", clientId=str(client.id), status=status)
        raise LogoutNotTaken()
