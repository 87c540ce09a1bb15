"""A provider says by the back channel that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, 2.6)."""

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Unavailable
from mainspring.core.observability import get_logger

from ..errors import ProviderUnavailable
from ..ports import Providers
from ..service import SignInService

log = get_logger(__name__)


class HearingLogouts:
    """The token is checked first, outside of any unit: its keys may have to be fetched."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, name: str, token: str | None) -> None:
        """End what began there. Raises ProviderNotFound, LogoutTokenInvalid, ProviderUnavailable."""
        provider = self.application.resolve(Providers).of(name)
        try:
            logged_out = await provider.logged_out(token)
        except ProviderUnavailable:
            raise
        except Unavailable as failure:
            raise ProviderUnavailable(retry_after=failure.retry_after) from failure
        async with self.application.unit(self.context) as uow:
            ended = await SignInService(uow).end(logged_out)
        log.info("social_logout_heard", provider=provider.name, sessions=ended)
