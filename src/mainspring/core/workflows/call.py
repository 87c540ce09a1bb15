"""What a function that reaches outside is given: no unit of work, but a key that stays the same however often it runs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from ..application import Application

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A call to the world under way.

    `key` identifies the call to the other side: the same in every attempt, of this process or another. While a call is being
    undone, `undoes` is the key that it had.
    """

    key: str
    application: "Application"
    workflow_id: UUID
    undoes: str | None = None

    def resolve(self, port: type[T]) -> T:
        """What the application registered for the port."""
        return self.application.resolve(port)


def key_of(workflow_id: UUID, seq: int, name: str) -> str:
    """The key of a call: where it stands in which workflow."""
    return f"{workflow_id}:{seq}:{name}"
