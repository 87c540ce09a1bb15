"""Under a foreign ASGI server the program starts and stops the application itself."""

from typing import Any

import pytest

from mainspring.core.errors import Unavailable
from mainspring.core.http.app import HttpApp
from tests.integration.http.widgets import widget_routes

Make = Any


class Lives:
    def __init__(self, *, starts: bool = True) -> None:
        self.steps: list[str] = []
        self.starts = starts

    async def start(self) -> None:
        self.steps.append("start")
        if not self.starts:
            raise Unavailable("The database cannot be reached.")

    async def stop(self) -> None:
        self.steps.append("stop")


async def live(program: HttpApp) -> list[str]:
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    told: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        told.append(message["type"])

    await program({"type": "lifespan"}, receive, send)
    return told


async def test_it_starts_and_stops_the_application(programs: Make) -> None:
    program: HttpApp = programs(widget_routes())
    program.application = application = Lives()  # type: ignore[assignment]

    assert await live(program) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert application.steps == ["start", "stop"]


async def test_a_failed_start_is_told(programs: Make) -> None:
    program: HttpApp = programs(widget_routes())
    program.application = Lives(starts=False)  # type: ignore[assignment]

    with pytest.raises(Unavailable):
        await live(program)
