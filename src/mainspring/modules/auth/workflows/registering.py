"""Making accounts: hash the password, then create the user, the credential and the first roles in one unit."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from mainspring.core import clock, ids
from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Invalid
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.security.new_passwords import NewPasswords
from mainspring.core.security.passwords import Passwords
from mainspring.core.security.principal import Principal
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.access.service.assigning import DEFAULT_ROLES
from mainspring.modules.users.errors import EmailTaken
from mainspring.modules.users.rows import Profile, UserRow
from mainspring.modules.users.service import NewUser, UserService

from ..errors import RegistrationClosed
from ..schemas import CreateUser, Register, SendProof, described
from ..service import CredentialService
from ..service.email_proofs import RESET, VERIFY
from ..settings import Settings


class Registering:
    """People register themselves, holders of `users:create` and the command line create others."""

    def __init__(self, application: Application, context: Context) -> None:
        self.application = application
        self.context = context

    async def register(self, wish: Register) -> Profile:
        """An account for oneself; a link to prove the address is mailed.

        Raises Invalid for the password, RegistrationClosed, EmailTaken unless registering is silent (D-11), and TooManyRequests
        after too many failures from the address (R-163). Where all answers are alike nothing is counted, or the limit would tell
        who is known.
        """
        registration = self.application.settings.section(Settings).registration
        if registration == "closed":
            raise RegistrationClosed()
        async with self.application.resolve(FailureLimit).unguessed(self.context.address):
            password_hash = await self._hashed(wish)
            try:
                return await self._create(None, wish, password_hash, DEFAULT_ROLES)
            except EmailTaken:
                if registration == "open":
                    raise
        async with self.application.unit(self.context) as uow:
            uow.enqueue(SendProof(wish.email, RESET, "account_exists"))
        return _as_if_new(wish)

    async def create(self, caller: Principal | None, wish: CreateUser) -> Profile:
        """An account for somebody else. Raises Invalid, EmailTaken, RoleNotFound, BeyondOwnAccess.

        For the address of one made by nobody, at the command line, whoever runs the installation vouches.
        """
        roles = DEFAULT_ROLES if wish.roles is None else wish.roles
        return await self._create(caller, wish, await self._hashed(wish), roles, email_verified=caller is None)

    async def _hashed(self, wish: Register | CreateUser) -> str:
        await self.application.resolve(NewPasswords).check(wish.password, about=(wish.email, wish.full_name))
        return await self.application.resolve(Passwords).hash(wish.password)

    async def _create(
        self,
        caller: Principal | None,
        wish: Register | CreateUser,
        password_hash: str,
        roles: Sequence[str],
        *,
        email_verified: bool = False,
    ) -> Profile:
        new = NewUser(wish.email, wish.full_name, wish.first_name, wish.last_name, email_verified=email_verified)
        async with self.application.unit(self.context) as uow:
            user = await add_account(uow, caller, new, password_hash, roles)
            if not user.email_verified:
                uow.enqueue(SendProof(user.email, VERIFY, "verify_email"))
            return await UserService(uow).profile(user)


async def add_account(
    uow: UnitOfWork, caller: Principal | None, wish: NewUser, password_hash: str, roles: Sequence[str]
) -> UserRow:
    """The user, the credential and the first roles. Raises EmailTaken, RoleNotFound, BeyondOwnAccess."""
    user = await UserService(uow).create(wish)
    await CredentialService(uow).set_first(user.id, password_hash)
    await AssignmentService(uow).welcome(caller, user.id, roles)
    return user


class MakesAccounts:
    """The `AccountMaker` of users."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def make(self, email: str, name: str, password: str, roles: Sequence[str]) -> UUID:
        """The id of the new user. Raises Invalid, EmailTaken, RoleNotFound."""
        try:
            wish = CreateUser(email=email, name=name, password=password, roles=list(roles))
        except ValidationError as wrong:
            raise Invalid(details=described(wrong)) from None
        return (await Registering(self.application, Context()).create(None, wish)).user.id


def _as_if_new(wish: Register) -> Profile:
    """What a new account would look like; there is none."""
    now = clock.now()
    user = UserRow(
        id=ids.new(),
        email=wish.email,
        name=wish.full_name,
        first_name=wish.first_name,
        last_name=wish.last_name,
        age=None,
        bio=None,
        website=None,
        avatar_url=None,
        is_active=True,
        email_verified=False,
        mfa_enabled=False,
        created_at=now,
        updated_at=now,
        deleted_at=None,
        version=1,
    )
    return Profile(user, DEFAULT_ROLES, ())
