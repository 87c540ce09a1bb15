"""Limits behind ports: where is counted, in one process, on one machine, or on all of them."""

import hashlib
import platform
from typing import TYPE_CHECKING

from ..adapters import adapter
from ..runtime import Runtime
from .failures import FailureLimit
from .fair_share import FairShare, LocalTallies
from .limiter import Limiter
from .memory import MemoryLender
from .ports import Common
from .shared_file import SharedFileLender
from .tries import TryLimit

if TYPE_CHECKING:
    from ..application import Application


def register_limits(application: "Application") -> None:
    """Register what limits need; each is made at its first use."""
    settings, singleton = application.settings, application.ports.singleton
    if settings.redis_url:
        singleton(Common, lambda: _common(application, settings.redis_url or ""))
    singleton(Limiter, lambda: _limiter(application))
    singleton(FailureLimit, lambda: failure_limit(application, "auth"))
    singleton(TryLimit, lambda: TryLimit(application.resolve(Limiter), settings.limits.knocks))


async def start_limits(application: "Application") -> None:
    """Say that this machine lets requests in; whether there is somebody to hear it decides nothing."""
    if Common in application.ports:
        await application.resolve(Common).start()


async def stop_limits(application: "Application") -> None:
    """Close what was opened."""
    if common := application.ports.made(Common):
        await common.close()


def failure_limit(application: "Application", purpose: str) -> FailureLimit:
    """A limit on guessing, apart from those of other purposes."""
    settings = application.settings
    return FailureLimit(
        application.resolve(Runtime),
        purpose=purpose,
        per_address=settings.limits.failures_per_address,
        per_account=settings.limits.failures_per_account,
        window=settings.limits.failures_window,
        enabled=settings.rate_limits,
        common=application.resolve(Common) if Common in application.ports else None,
    )


def _limiter(application: "Application") -> Limiter:
    settings = application.settings
    local: LocalTallies = MemoryLender()
    if settings.workers > 1:
        local = SharedFileLender(application.resolve(Runtime), settings.workers)
    if Common not in application.ports:
        return Limiter(local, enabled=settings.rate_limits)
    return Limiter(FairShare(application.resolve(Common), local), enabled=settings.rate_limits)


def _common(application: "Application", url: str) -> Common:
    here = f"{platform.node()} {application.settings.data_dir}"
    common: Common = adapter("redis.limits:RedisLimits", extra="broker")(
        url, machine=hashlib.sha256(here.encode()).hexdigest()[:16]
    )
    return common
