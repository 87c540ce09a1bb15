"""The context of the units of a workflow."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from ..context import Context
from .instance import Instance


@dataclass(slots=True)
class WorkflowContext(Context):
    """Of the request that began it, as far as known: after a crash the request's id and the owner are left."""

    owner_id: UUID | None = None

    @property
    def user_id(self) -> UUID | None:
        """Who asked, else the owner."""
        return self.principal.id if self.principal else self.owner_id

    @classmethod
    def of(cls, instance: Instance, request: Context | None = None) -> Self:
        """The context of a workflow, in the request that begins it or later."""
        return cls(
            request_id=instance.request_id or "",
            method="WORKFLOW",
            path=f"{instance.name} {instance.id}",
            address=request.address if request else None,
            user_agent=request.user_agent if request else None,
            principal=request.principal if request else None,
            owner_id=instance.owner_id,
        )
