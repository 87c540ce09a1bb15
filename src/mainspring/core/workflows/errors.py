"""The situations of workflows: those that callers see, and those that only end a run."""

from typing import Any
from uuid import UUID

from ..errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    MainspringError,
    Malformed,
    NotFound,
    PaymentRefused,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

EXPECTED = (
    Malformed,
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Gone,
    PreconditionFailed,
    TooManyRequests,
    PaymentRefused,
)  # the classes of core.errors whose status is below 500: these end a workflow, everything else is tried again


class StillRunning(Conflict):
    """The workflow goes on, but the caller waits no longer (409). `id` is the workflow's.

    `is_waiting` when it is the workflow that waits, for a time or a message; `is_repeated` when it was there before, found by
    its key.
    """

    code, message = "WORKFLOW_STILL_RUNNING", "This is still under way. Look again later."

    def __init__(self, id: UUID, *, is_waiting: bool = False, is_repeated: bool = False) -> None:
        super().__init__(details={"id": str(id)})
        self.id = id
        self.is_waiting = is_waiting
        self.is_repeated = is_repeated


class InputChanged(Invalid):
    """The key belongs to a workflow that was started with another input (422)."""

    code, message = "WORKFLOW_KEY_REUSED", "This key was used for something else."


class DeadlinePassed(Conflict):
    """The workflow took longer than it may and was undone (409)."""

    code, message = "WORKFLOW_DEADLINE_PASSED", "This took too long and was undone."


class WorkflowCancelled(Conflict):
    """Somebody cancelled the workflow and it was undone (409)."""

    code, message = "WORKFLOW_CANCELLED", "This was cancelled and undone."


class WorkflowStuck(Unavailable):
    """The workflow cannot go on by itself; a person must look (503)."""

    code, message = "WORKFLOW_STUCK", "This could not be finished yet. We look into it."


class WorkflowNotFound(NotFound):
    """There is no such workflow (404)."""

    code, message = "WORKFLOW_NOT_FOUND", "There is no such workflow."


class UnknownWorkflow(LookupError):
    """This process has no workflow of that name; another one may, for example while a new version is rolled out."""


class NotNow(Conflict):
    """The state of the workflow does not allow this (409)."""

    code, message = "WORKFLOW_STATE", "The workflow is in a state that does not allow this."


class Interrupted(BaseException):
    """Ends a run of the workflow's function. No `except Exception` of that function may catch it, or a replay would differ."""


class Suspended(Interrupted):
    """The workflow waits; what it needs to go on is stored."""


class Lost(Interrupted):
    """Another process carries the workflow now; this one writes nothing more."""


class Undo(Interrupted):
    """The workflow must be undone although its function did not fail: deadline, cancellation, or an undo that goes on."""


class Broken(Interrupted):
    """Something unexpected happened in a step: the workflow is tried again later. The cause is `__cause__`."""


class Differs(Interrupted):
    """What is stored does not fit the code; the message says where."""


class Taken(Interrupted):
    """The key has a workflow already, found in `id` by whoever catches this."""


def is_expected(error: BaseException) -> bool:
    """Whether an error is a situation of the domain, which ends a workflow."""
    return isinstance(error, EXPECTED)


def text_of(error: BaseException) -> str:
    """An error in one line, for people."""
    if isinstance(error, MainspringError):
        return f"{type(error).code}: {error}"
    told: Any = str(error) or "no message"
    return f"{type(error).__name__}: {told}"
