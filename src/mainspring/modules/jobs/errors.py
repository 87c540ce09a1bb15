"""The situations of jobs."""

from uuid import UUID

from mainspring.core.errors import Conflict, NotFound


class JobNotFound(NotFound):
    """The same answer for a job that is not there and one the caller may not see (R-340)."""

    code = "jobs.not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Job {id} was not found")


class NotDead(Conflict):
    """Only a job that has died is run again by hand."""

    code = "jobs.not_dead"

    def __init__(self, state: str) -> None:
        super().__init__(f"The job is {state}; only a dead one can be run again.")


class AlreadyWaiting(Conflict):
    """Another job with the same dedup key took the place of the dead one."""

    code, message = "jobs.already_waiting", "The same work is waiting or running already."


class AlreadyEnded(Conflict):
    """What has ended cannot be cancelled."""

    code = "jobs.ended"

    def __init__(self, state: str) -> None:
        super().__init__(f"The job is {state}; it cannot be cancelled any more.")
