"""The answer of a sign-in or refresh: who it is, and an access token signed outside of any unit."""

from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.errors import Unauthenticated
from mainspring.core.security.tokens import AccessTokens
from mainspring.modules.users.rows import Profile
from mainspring.modules.users.service import UserService

from ..rows import SignedInAs, Tokens


async def profile_of(uow: UnitOfWork, tokens: Tokens, refusal: type[Unauthenticated]) -> Profile:
    """The user of a session, with roles and permissions as of now. Raises `refusal` when he is disabled or deleted by now."""
    users = UserService(uow)
    if not await users.standing([tokens.user_id]):
        raise refusal()
    return await users.profile(await users.get(tokens.user_id))


def issue(application: Application, profile: Profile, tokens: Tokens) -> SignedInAs:
    """Sign an access token; about 0.8 ms of processor time."""
    access = application.resolve(AccessTokens).issue(
        tokens.user_id,
        tokens.session_id,
        roles=profile.roles,
        permissions=profile.permissions,
        email=profile.user.email,
    )
    return SignedInAs(profile, tokens, access)
