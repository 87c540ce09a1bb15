"""A guard for doors behind which each thing asks for what it takes, such as the operations of a batch."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends

from .guard import Guard
from .principal import Principal
from .refusals import TokenMissing

if TYPE_CHECKING:
    from ..http.exchange import Exchange


class SignedInSomehow(Guard):
    """Whoever is signed in, whatever he holds and however he came."""

    is_for_enrolling = True

    def admit(self, exchange: "Exchange", principal: Principal | None) -> None:
        """Refuse the anonymous."""
        if principal is None:
            raise TokenMissing()

    def rule(self) -> str:
        """`signed in, then the rule of each operation`."""
        return "signed in, then the rule of each operation"


signed_in_somehow: Any = Depends(SignedInSomehow())
"""A guard: somebody is signed in; what is behind the door asks each time for what it takes."""

AnyCaller = Annotated[Principal, signed_in_somehow]
