"""Whose a thing is, asked of the module that keeps it.

For explanations only: at a door, ownership is part of the question to the database.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from ..module import BootRefused, Module

if TYPE_CHECKING:
    from ..database import UnitOfWork

OwnerOf = Callable[["UnitOfWork", UUID], Awaitable[UUID | None]]


class Owners:
    """What the modules name in `owners`. Raises BootRefused when two of them name the same kind of thing."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self._modules: dict[str, Module] = {}
        for module in modules:
            for kind in module.owners:
                if (first := self._modules.setdefault(kind, module)) is not module:
                    raise BootRefused(f"The modules {first.name} and {module.name} both tell whose a {kind} is.")

    @property
    def kinds(self) -> list[str]:
        """The kinds of things that have owners."""
        return sorted(self._modules)

    async def of(self, uow: "UnitOfWork", kind: str, id: UUID) -> UUID | None:
        """Whose the thing is; None when it is nobody's, or not there. Raises KeyError for an unknown kind."""
        module = self._modules[kind]
        owner_of: OwnerOf = module.function(module.owners[kind])
        return await owner_of(uow, id)
