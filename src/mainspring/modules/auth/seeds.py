"""Fifty people to try things with (R-224). All have the same password, so there are none in production."""

from collections.abc import Callable

from mainspring.core.application import Application
from mainspring.core.security.passwords import Passwords
from mainspring.modules.users.service import NewUser, UserService

from .workflows.registering import add_account

WHAT = "users"
PASSWORD = "demo people share a password"  # noqa: S105 - of demo data only
FIRST_NAMES = ("Ada", "Alan", "Barbara", "Dennis", "Edsger", "Frances", "Grace", "John", "Katherine", "Niklaus")
LAST_NAMES = ("Allen", "Hopper", "Johnson", "Liskov", "Lovelace")
MODERATORS = 5


async def seed(application: Application, progress: Callable[[int, int], None]) -> int:
    """Make the fifty users who are not there yet; how many were made. The first five are moderators."""
    people = [(first, last) for last in LAST_NAMES for first in FIRST_NAMES]
    password_hash = await application.resolve(Passwords).hash(PASSWORD)  # one for all: fifty would take seconds
    made = 0
    for number, (first, last) in enumerate(people):
        wish = NewUser(f"{first}.{last}@demo.example".lower(), f"{first} {last}", first, last, email_verified=True)
        async with application.unit() as uow:
            if await UserService(uow).by_email(wish.email) is None:
                await add_account(uow, None, wish, password_hash, ("user", "moderator") if number < MODERATORS else ("user",))
                made += 1
        progress(number + 1, len(people))
    return made
