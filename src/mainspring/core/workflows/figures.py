"""What workflows tell Prometheus: how many are under way and stuck, how they ended and how long they took."""

from typing import TYPE_CHECKING

from ..observability.metrics import Reading, at_scrape, counter, histogram
from .declaration import DECLARED
from .instance import CARRIED, Instance
from .statements import OPEN_ONES

if TYPE_CHECKING:
    from ..application import Application

STATES = (*CARRIED, "stuck")
DURATIONS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0, 86_400.0)

ENDED = counter("mainspring_workflows_ended_total", "Workflows by how they ended.", ("workflow", "state"))
TOOK = histogram(
    "mainspring_workflow_duration_seconds", "Time from the start of a workflow to its end.", ("workflow",), bounds=DURATIONS
)
FAILED = counter("mainspring_workflow_failures_total", "Steps of workflows that failed unexpectedly.", ("workflow",))


def count_end(instance: Instance) -> None:
    """Count a workflow that has just ended."""
    ENDED.of(instance.name, instance.state).inc()
    if instance.finished_at is not None:
        TOOK.of(instance.name).observe((instance.finished_at - instance.created_at).total_seconds())


@at_scrape
async def look_at_workflows(application: "Application") -> list[Reading]:
    """Workflows that have not ended, by name and state."""
    async with application.reading() as uow:
        found = {(one.name, one.state): one.count for one in await uow.all(OPEN_ONES)}
    stuck = sum(count for (_, state), count in found.items() if state == "stuck")
    readings = [Reading("mainspring_workflows_stuck", "Workflows that only a person can help.", stuck)]
    for name in sorted({*DECLARED.by_name, *(name for name, _ in found)}):
        for state in STATES:
            labels = {"workflow": name, "state": state}
            readings.append(
                Reading("mainspring_workflows", "Workflows that have not ended.", found.get((name, state), 0), labels)
            )
    return readings
