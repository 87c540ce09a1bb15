"""Whose account it is that somebody proved at a provider: the linked one, one with the same proved address, or a new one (D-40).

An address counts only where the provider says that it is proved. An account here counts as its owner's only once its address was
proved here; until then somebody else may have made it, so whatever opens it goes first (decision 112).
"""

import re
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from mainspring.core import clock
from mainspring.core.database import UnitOfWork
from mainspring.core.security.ports import SessionSource
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.access.service.assigning import DEFAULT_ROLES
from mainspring.modules.auth.errors import RegistrationClosed
from mainspring.modules.auth.rows import MailedProof
from mainspring.modules.auth.service import Claiming, hold_admissions
from mainspring.modules.auth.service.registration import may_register
from mainspring.modules.users.rows import PERSON, UserRow
from mainspring.modules.users.schemas import PersonName
from mainspring.modules.users.service import NewUser, UserService

from ..errors import AddressUnproved, AttemptInvalid, IdentityTaken, SignInRefused
from ..rows import Attempt, Identity
from .links import LinkService

NAME: TypeAdapter[str] = TypeAdapter(PersonName)
NOT_A_LETTER = re.compile(r"[\W\d_]+")
NAMELESS = "New user"
LONGEST_NAME = 100


class ArrivalService:
    """Call it in the unit that lets the user in."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.links = LinkService(uow)

    async def account_of(self, identity: Identity) -> UUID:
        """The user whom the identity opens, from now on if not before.

        Raises AddressUnproved, RegistrationClosed, SignInRefused, and EmailTaken when somebody else was faster with the address.
        """
        link = await self.links.of_identity(identity.issuer, identity.subject)
        if link is not None:
            await hold_admissions(self.uow, link.user_id)
            if not await self.links.use(link, identity):
                raise SignInRefused()  # unlinked in this very moment
            return link.user_id
        if identity.email is None or not identity.email_verified:
            raise AddressUnproved()
        user = await UserService(self.uow).by_email(identity.email)
        return await self._joined(user, identity) if user is not None else await self._made(identity, identity.email)

    async def link(self, attempt: Attempt, identity: Identity) -> None:
        """Add the identity to the account of whoever began this, if that session still lives.

        Raises AttemptInvalid, IdentityTaken.
        """
        if attempt.user_id is None or attempt.session_id is None:
            raise AttemptInvalid()
        await hold_admissions(self.uow, attempt.user_id)
        session = (await self.uow.port(SessionSource).live(self.uow, [attempt.session_id])).get(attempt.session_id)
        if session is None or session.user_id != attempt.user_id or session.expires_at <= clock.now():
            raise AttemptInvalid()
        await self._linked(attempt.user_id, identity)

    async def _linked(self, user_id: UUID, identity: Identity) -> None:
        """The link, whether it is new or was there before; asked anew now that nobody else comes in as the user."""
        known = await self.links.of_identity(identity.issuer, identity.subject)
        if known is None:
            await self.links.add(user_id, identity)
        elif known.user_id != user_id:
            raise IdentityTaken()
        else:
            await self.links.use(known, identity)

    async def _joined(self, user: UserRow, identity: Identity) -> UUID:
        """The account that has the address already."""
        if user.kind != PERSON or not user.is_active:
            raise SignInRefused()
        await hold_admissions(self.uow, user.id)
        await Claiming(self.uow).come_in(MailedProof(user.id, user.email))
        await self._linked(user.id, identity)
        return user.id

    async def _made(self, identity: Identity, email: str) -> UUID:
        """An account of its own, with no password."""
        if not may_register(self.uow.port(CoreSettings)):
            raise RegistrationClosed()
        user = await UserService(self.uow).create(
            NewUser(email, name_for(identity, email), email_verified=True, avatar_url=identity.picture)
        )
        await AssignmentService(self.uow).welcome(None, user.id, DEFAULT_ROLES)
        await hold_admissions(self.uow, user.id)
        await self.links.add(user.id, identity, is_new_account=True)
        return user.id


def name_for(identity: Identity, email: str) -> str:
    """What the new user is called: as at the provider where our rules allow that, else after the address."""
    local = NOT_A_LETTER.sub(" ", email.partition("@")[0]).strip().title()
    for candidate in (identity.name, local):
        try:
            return NAME.validate_python((candidate or "")[:LONGEST_NAME])
        except ValidationError:
            continue
    return NAMELESS
