"""Trading the code of an address for the session, or for the question for the second factor."""

from collections.abc import Callable

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.limits.failures import FailureLimit
from mainspring.modules.auth.rows import MfaRequired, Proof, SignedInAs
from mainspring.modules.auth.service import Admission, hold_admissions, issue_if_entered

from ..errors import HandoverInvalid
from ..schemas import TakeSession
from ..service import HandoverService
from .returning import METHOD


class Taking:
    """The code is used up in the unit that opens the session."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def run(self, wish: TakeSession, browsers: list[str], confirm: Callable[[str], None]) -> SignedInAs | MfaRequired:
        """`browsers` are the secrets that the browser sent. `confirm` raises where the way of the session is not allowed here.

        Raises HandoverInvalid, EmailUnverified, and TooManyRequests after too many failures from the address (R-163).
        """
        async with self.application.resolve(FailureLimit).unguessed(self.context.address):
            async with self.application.reading(self.context) as uow:
                found = await HandoverService(uow).look(wish.code, wish.code_verifier, browsers)
            confirm(found.transport)
            async with self.application.unit(self.context) as uow:
                await hold_admissions(uow, found.user_id)
                await HandoverService(uow).claim(wish.code)
                proof = Proof(found.user_id, METHOD, origin_id=found.origin_id)
                outcome = await Admission(uow).admit(proof, found.transport, HandoverInvalid)
        return issue_if_entered(self.application, outcome)
