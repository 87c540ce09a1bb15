"""The cache behind its port: news by the file of the machine, or news and answers by Redis."""

from typing import TYPE_CHECKING

from ..adapters import adapter
from ..runtime import Runtime
from .board import FileBoard
from .cache import Cache
from .ports import Shared

if TYPE_CHECKING:
    from ..application import Application


def register_cache(application: "Application") -> None:
    """Register the cache; it is made at its first use."""
    application.ports.singleton(Cache, lambda: _cache(application))


async def stop_cache(application: "Application") -> None:
    """Tell what is left to tell, and close what was opened."""
    if cache := application.ports.made(Cache):
        await cache.stop()


def _cache(application: "Application") -> Cache:
    settings = application.settings
    if not settings.redis_url:
        return Cache(settings.cache, board=FileBoard(application.resolve(Runtime)))
    shared: Shared = adapter("redis.cache:RedisCache", extra="broker")(settings.redis_url, name=settings.service_name)
    return Cache(settings.cache, shared=shared)
