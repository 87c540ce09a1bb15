"""The orders of the jobs of workflows."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CarryWorkflow:
    """Carry this workflow on."""

    workflow_id: UUID
