"""Links: which outside identities open an account here."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import Page, Slice, UnitOfWork
from mainspring.core.personal_data import every_row
from mainspring.core.security.cipher import CannotOpen
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.auth.service import FactorService, hold_admissions

from ..errors import IdentityTaken, LastWayIn, LinkNotFound
from ..events import AccountMade, IdentityLinked, IdentityUnlinked, LinkEvent
from ..ports import Providers
from ..repository import LINKS, SIGN_INS, HandoverRepository, LinkRepository, SignInRepository
from ..rows import Identity, LinkRow
from ..schemas import LinkQuery
from ..secrecy import Sealed


class LinkService:
    """Adds, uses and removes links."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.links = LinkRepository(uow)

    async def listed(self, user_id: UUID, query: LinkQuery) -> Page[LinkRow] | Slice[LinkRow]:
        """A page of the user's links."""
        return await query.fetch(self.uow, LINKS, user_id=user_id)

    async def of_identity(self, issuer: str, subject: str) -> LinkRow | None:
        """The link of an identity."""
        return await self.links.of_identity(issuer, subject)

    async def those(self, ids: Sequence[UUID]) -> list[LinkRow]:
        """Those of the links that there still are, whoever asks."""
        return await self.links.those(ids)

    async def use(self, link: LinkRow, identity: Identity) -> bool:
        """Note that somebody came in with it; False when it is gone meanwhile."""
        before = await self._tokens_before(link) if identity.tokens is not None else {}
        return await self.links.use(link, identity.email, self._sealed(identity, before), clock.now())

    async def add(self, user_id: UUID, identity: Identity, *, is_new_account: bool = False) -> LinkRow:
        """A further way into the account. Raises IdentityTaken when it opens another one, or this one already."""
        link = await self.links.add(user_id, identity, self._sealed(identity, {}), clock.now())
        if link is None:
            raise IdentityTaken()
        kind = AccountMade if is_new_account else IdentityLinked
        self.uow.publish(_fact(kind, link, identity.label))
        return link

    async def remove(self, user_id: UUID, id: UUID) -> None:
        """Take a link away. Raises LinkNotFound, the same for a stranger's, and LastWayIn where nothing else lets the user in."""
        await hold_admissions(self.uow, user_id)  # of two that are removed at once one stays
        mine = await self.links.of_user(user_id)
        if id not in {link.id for link in mine}:
            raise LinkNotFound()
        if not await self._opens_otherwise(user_id, [link for link in mine if link.id != id]):
            raise LastWayIn()
        link = await self.links.remove(user_id, id)
        if link is None:
            raise LinkNotFound()
        await HandoverRepository(self.uow).forget_of(user_id)
        self.uow.publish(_fact(IdentityUnlinked, link, self._label(link.provider)))

    async def remove_all(self, user_id: UUID) -> list[str]:
        """Take all of them away, whatever is left; the labels of those that there were."""
        await SignInRepository(self.uow).forget_of(user_id)
        await HandoverRepository(self.uow).forget_of(user_id)
        removed = await self.links.remove_all(user_id)
        for link in removed:
            self.uow.publish(_fact(IdentityUnlinked, link, self._label(link.provider)))
        return sorted({self._label(link.provider) for link in removed})

    async def tokens_of(self, link: LinkRow) -> str | None:
        """The provider's tokens as JSON, where they are kept; for modules that call its API. Raises CannotOpen."""
        sealed = await self.links.tokens_of(link.issuer, link.subject)
        return None if sealed is None else self._cipher().open(sealed, _place(link.issuer, link.subject))

    async def _opens_otherwise(self, user_id: UUID, others: list[LinkRow]) -> bool:
        """A link counts while its provider is set up."""
        known = {provider.name for provider in self.uow.port(Providers).all()}
        if any(link.provider in known for link in others):
            return True
        return bool(await FactorService(self.uow).first_factors_of(user_id))

    async def _tokens_before(self, link: LinkRow) -> dict[str, Any]:
        """What is kept so far: many providers give a refresh token the first time only."""
        try:
            found: dict[str, Any] = orjson.loads(await self.tokens_of(link) or "{}")
        except CannotOpen:
            return {}
        return found

    def _sealed(self, identity: Identity, before: Mapping[str, Any]) -> str | None:
        if identity.tokens is None:
            return None
        tokens = orjson.dumps({**before, **orjson.loads(identity.tokens)}).decode()
        return self._cipher().seal(tokens, _place(identity.issuer, identity.subject))

    def _cipher(self) -> Sealed:
        return Sealed(self.uow.port(CoreSettings), "tokens")

    def _label(self, name: str) -> str:
        return next((one.label for one in self.uow.port(Providers).all() if one.name == name), name)


class LinkedWaysIn:
    """The `OtherWaysIn` of auth."""

    async def take(self, uow: UnitOfWork, user_id: UUID) -> tuple[str, ...]:
        """Remove every link; the words for them."""
        return tuple(f"sign-in with {label}" for label in await LinkService(uow).remove_all(user_id))


def linked_ways_in(application: Application) -> LinkedWaysIn:
    """The keeper for an application."""
    return LinkedWaysIn()


async def personal_data(uow: UnitOfWork, user_id: UUID) -> dict[str, Any]:
    """The links, without any token, and the sign-ins that sessions may still live from."""
    return {
        "links": await every_row(uow, LINKS, user_id=user_id),
        "sign_ins": await every_row(uow, SIGN_INS, user_id=user_id),
    }


def _fact(kind: type[LinkEvent], link: LinkRow, label: str) -> LinkEvent:
    return kind(link.id, link.user_id, link.provider, label, link.issuer)


def _place(issuer: str, subject: str) -> str:
    return f"social_links/{issuer}/{subject}"
