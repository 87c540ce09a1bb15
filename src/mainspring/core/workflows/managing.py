"""What whoever runs the installation may do with workflows: look, try again, cancel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from .. import clock
from ..audit import AuditRecord
from ..database import Page
from . import handover
from .errors import NotNow, WorkflowNotFound
from .instance import Instance, Memo
from .statements import ASK_TO_CANCEL, BY_ID, LISTED, MEMOS, RESUME, STUCK, TOUCH

if TYPE_CHECKING:
    from ..database import UnitOfWork


class WorkflowKeeper:
    """The deeds behind `mainspring workflows`."""

    def __init__(self, uow: "UnitOfWork") -> None:
        self.uow = uow

    async def find(self, *, state: str | None = None, name: str | None = None, limit: int = 50, page: int = 1) -> Page[Instance]:
        """Workflows, the newest first."""
        return await self.uow.page(LISTED, filters={"state": state, "name": name}, limit=limit, page=page)

    async def show(self, id: UUID) -> tuple[Instance, Sequence[Memo]]:
        """A workflow and its finished steps. Raises WorkflowNotFound."""
        instance = await self.uow.one(BY_ID, id=id)
        if instance is None:
            raise WorkflowNotFound()
        return instance, await self.uow.all(MEMOS, workflow_id=id)

    async def stuck(self) -> int:
        """How many need a person."""
        return await self.uow.value(STUCK) or 0

    async def retry(self, id: UUID) -> None:
        """Let a stuck workflow go on, or one that waits for its next attempt do it now. Raises WorkflowNotFound, NotNow."""
        instance = await self._held(id)
        if instance.state == "stuck":
            await self._resume(id)
        elif instance.resume_at is not None and instance.attempts and instance.job_id is not None:
            await handover.hurry(self.uow, instance.job_id)
        else:
            raise NotNow(f"The workflow is {instance.state}; only a stuck or failing one is tried again.")
        self.uow.audit(AuditRecord("RETRY", "workflows", id))

    async def cancel(self, id: UUID) -> None:
        """Let a workflow be undone; what runs just now comes to its end first. Raises WorkflowNotFound, NotNow."""
        instance = await self._held(id)
        if instance.error is not None:
            raise NotNow("The workflow is being undone already.")
        await self.uow.run(ASK_TO_CANCEL, id=id)
        if instance.state == "stuck":
            await self._resume(id)
        elif instance.resume_at is not None and instance.job_id is not None:
            await handover.hurry(self.uow, instance.job_id)
        self.uow.audit(AuditRecord("CANCEL", "workflows", id))

    async def _held(self, id: UUID) -> Instance:
        instance = await self.uow.one(TOUCH, id=id)
        if instance is None:
            ended, _ = await self.show(id)
            raise NotNow(f"The workflow is {ended.state} already.")
        return instance

    async def _resume(self, id: UUID) -> None:
        await self.uow.run(RESUME, id=id, job_id=handover.enqueue(self.uow, id), resume_at=clock.now())
