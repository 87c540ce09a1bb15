"""Ending the session that a browser held until it signed in anew, so that none is left behind (ASVS 7.2.4)."""

from mainspring.core.application import Application
from mainspring.core.context import Context

from ..rows import MfaRequired, SignedInAs
from .rotation import RotationService
from .sessions import SessionService


class Replacing:
    """For cookies: the new ones take the place of the old ones, and nobody could use the old session any more."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, outcome: SignedInAs | MfaRequired, before: str | None) -> None:
        """`before` is the refresh token that the browser sent; whoever still owes the second factor keeps the old session."""
        if before is None or isinstance(outcome, MfaRequired) or outcome.tokens.transport != "cookie":
            return
        async with self.application.reading(self.context) as uow:
            row = await RotationService(uow).of_cookie(before)
        if row is not None and row.session_id != outcome.tokens.session_id:
            async with self.application.unit(self.context) as uow:
                await SessionService(uow).let_go(row.user_id, row.session_id, "replaced")
