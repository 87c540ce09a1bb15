"""Refreshing: look, seal the next token, rotate, sign."""

from uuid import UUID

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit

from ..errors import RefreshTokenRevoked
from ..rows import Entered, PresentedRefresh, SignedInAs
from ..sealing import token_hash
from ..service import RotationService, issue, profile_in_good_standing
from .erasing import Eraser


class Refreshing:
    """Two short units; sealing and signing happen outside of them."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, presented: PresentedRefresh) -> SignedInAs:
        """Raises RefreshTokenInvalid, RefreshTokenExpired, RefreshTokenRevoked or RefreshTokenReused, TooManyRequests (R-163).

        What `confirm` raises is raised before anything changes.
        """
        return issue(self.application, await self.enter(presented))

    async def enter(self, presented: PresentedRefresh) -> Entered:
        """The same without an access token."""
        async with self.application.resolve(FailureLimit).unguessed(self.context.address):
            return await self.rotate(presented)

    async def session_of(self, presented: PresentedRefresh) -> UUID:
        """The living session of a refresh token, which stays as it is. Raises as `run` does."""
        async with (
            self.application.resolve(FailureLimit).unguessed(self.context.address),
            self.application.reading(self.context) as uow,
        ):
            return (await RotationService(uow).live(presented)).session_id

    async def rotate(self, presented: PresentedRefresh) -> Entered:
        """The same without a limit: the server of an OAuth client refreshes for many people from one address."""
        refresh_token = presented.token
        async with self.application.reading(self.context) as uow:
            rotation = RotationService(uow)
            row = await rotation.known(presented)
            presented.confirm(row.session_id)
            successor = rotation.successor(refresh_token, row)
        async with self.application.unit(self.context) as uow:
            tokens = await RotationService(uow).rotate(refresh_token, row, successor)
            profile = await profile_in_good_standing(uow, tokens.user_id, RefreshTokenRevoked)
        if tokens.refresh_token == successor.token:  # and not forgiven: then another request sealed
            self.application.resolve(Eraser).after_the_window(token_hash(refresh_token))
        return Entered(profile, tokens)
