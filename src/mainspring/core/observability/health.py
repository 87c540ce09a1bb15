"""`/live`, `/ready` and `/health`: does the process run, may it get requests, does what it needs answer (R-198, R-199)."""

import asyncio
from datetime import datetime
from typing import Literal

from ... import __version__
from .. import clock
from ..application import Application
from ..cache import cached
from ..errors import Unavailable
from ..http.dependencies import Answer, App, Reply
from ..http.routing import Router
from ..http.schemas import Out
from ..jobs.health import is_work_done
from ..limits.ports import Common
from ..security.guard import public
from ..workflows.managing import WorkflowKeeper
from .stores import is_reachable

router = Router(root=True, tags=["health"])

Check = Literal["ok", "down", "stuck", "degraded"]


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
    checks["process"] = "down" if application.draining.is_set() and not application.is_succeeded else "ok"
    return _health(checks, reply)


@router.get("/health", dependencies=[public], responses={503: {"model": HealthOut}})
async def health(application: App, reply: Answer) -> HealthOut:
    """Every store that the program depends on answers, each asked by a real statement within two seconds; else 503.
    `redis` is there when it is set, asked by a PING; without it requests are answered all the same, so `/ready` does not ask it.

    `jobs` says `degraded` when no worker is alive or a job has waited for too long, `workflows` says `stuck` when some wait for a
    person. Requests are answered all the same, so the status is then `degraded` with 200.
    """
    checks = await _checks(application)
    if Common in application.ports:
        checks["redis"] = "ok" if await _answers(application.resolve(Common)) else "down"
    if all(check == "ok" for check in checks.values()):
        if not await is_work_done(application):
            checks["jobs"] = "degraded"
        if await _has_stuck_workflows(application):
            checks["workflows"] = "stuck"
    return _health(checks, reply)


async def _checks(application: Application) -> dict[str, Check]:
    names = list(application.databases)
    answers = await asyncio.gather(*(is_reachable(application, name) for name in names))
    return {
        "database" if name == "default" else f"database:{name}": "ok" if answers[at] else "down" for at, name in enumerate(names)
    }


async def _answers(common: Common) -> bool:
    try:
        await common.ping()
    except Unavailable:
        return False
    return True


@cached(ttl=1)  # see is_work_done
async def _has_stuck_workflows(application: Application) -> bool:
    async with application.reading() as uow:
        return await WorkflowKeeper(uow).stuck() > 0


def _health(checks: dict[str, Check], reply: Reply) -> HealthOut:
    is_well = all(check == "ok" for check in checks.values())
    if "down" in checks.values():
        reply.status = 503
    return HealthOut(status="ok" if is_well else "degraded", timestamp=clock.now(), version=__version__, checks=checks)
