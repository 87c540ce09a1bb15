"""Durable workflows (sagas): deeds of several transactions that finish, or are undone, whatever dies meanwhile (R-292)."""

from .call import Call
from .declaration import Durable, durable
from .errors import DeadlinePassed, InputChanged, StillRunning, WorkflowCancelled, WorkflowNotFound, WorkflowStuck
from .flow import Flow
from .instance import Instance
from .workflows import Ended, Workflows

__all__ = [
    "Call",
    "DeadlinePassed",
    "Durable",
    "Ended",
    "Flow",
    "InputChanged",
    "Instance",
    "StillRunning",
    "WorkflowCancelled",
    "WorkflowNotFound",
    "WorkflowStuck",
    "Workflows",
    "durable",
]
