"""`/live`, `/ready` and `/health`: does the process run, may it get requests, does what it needs answer (R-198, R-199)."""

import asyncio
from datetime import datetime
from typing import Literal

from ... import __version__
from .. import clock
from ..application import Application
from ..http.dependencies import Answer, App, Reply
from ..http.routing import Router
from ..http.schemas import Out
from ..security.guard import public
from .stores import is_reachable

router = Router(root=True, tags=["health"])

Check = Literal["ok", "down"]


class HealthOut(Out):
    """Status, time, and each check by name."""

    status: Literal["ok", "degraded"]
    timestamp: datetime
    version: str
    checks: dict[str, Check]


@router.get("/live", dependencies=[public])
async def live() -> HealthOut:
    """The process runs and answers."""
    return HealthOut(status="ok", timestamp=clock.now(), version=__version__, checks={})


@router.get("/ready", dependencies=[public], responses={503: {"model": HealthOut}})
async def ready(application: App, reply: Answer) -> HealthOut:
    """The process may get requests: its database answers and it is not about to end."""
    checks = await _checks(application)
    checks["process"] = "down" if application.draining.is_set() else "ok"
    return _health(checks, reply)


@router.get("/health", dependencies=[public], responses={503: {"model": HealthOut}})
async def health(application: App, reply: Answer) -> HealthOut:
    """Every store that the program depends on answers, each asked by a real statement within two seconds."""
    return _health(await _checks(application), reply)


async def _checks(application: Application) -> dict[str, Check]:
    names = list(application.databases)
    answers = await asyncio.gather(*(is_reachable(application, name) for name in names))
    return {
        "database" if name == "default" else f"database:{name}": "ok" if answers[at] else "down" for at, name in enumerate(names)
    }


def _health(checks: dict[str, Check], reply: Reply) -> HealthOut:
    is_well = all(check == "ok" for check in checks.values())
    if not is_well:
        reply.status = 503
    return HealthOut(status="ok" if is_well else "degraded", timestamp=clock.now(), version=__version__, checks=checks)
