"""Jobs behind ports: what there is to do, who does it, and what carries it to them."""

from typing import TYPE_CHECKING, Any

from ..adapters import adapter
from .bell import JobBell
from .book import JobBook
from .carrying.ports import JobCarrier
from .carrying.posting import Poster
from .engine import JobEngine
from .figures import watch_attempts
from .observers import JobObservers
from .worker import JobWorker

if TYPE_CHECKING:
    from ..application import Application

ADAPTERS = {"rabbitmq": "rabbitmq.jobs:RabbitmqJobs", "nats": "nats.jobs:NatsJobs", "redis": "redis.jobs:RedisJobs"}


def register_jobs(application: "Application") -> None:
    """Register what jobs need; each is made at its first use."""
    singleton = application.ports.singleton
    singleton(JobBook, lambda: JobBook.of(application.modules))
    singleton(JobBell, lambda: _bell(application))
    singleton(JobObservers, lambda: _observers(application))
    singleton(JobEngine, lambda: JobEngine(application))
    singleton(JobWorker, lambda: JobWorker(application))
    if application.settings.jobs.transport != "database":
        singleton(JobCarrier, lambda: _carrier(application))
        singleton(Poster, lambda: _poster(application))


async def stop_jobs(application: "Application") -> None:
    """Give back what runs, and tell brokers what was committed last."""
    made = application.ports.made
    if engine := made(JobEngine):
        await engine.stop()
    if poster := made(Poster):
        await poster.stop()
    if bell := made(JobBell):
        await bell.stop()


def _observers(application: "Application") -> JobObservers:
    observers = JobObservers()
    watch_attempts(observers, application.database)
    return observers


def _bell(application: "Application") -> JobBell:
    bell = JobBell()
    if JobCarrier in application.ports:
        bell.listen(application.resolve(Poster).rang)
    return bell


def _poster(application: "Application") -> Poster:
    queues = {definition.options.queue for definition in application.resolve(JobBook)}
    return Poster(application.resolve(JobCarrier), application.databases, queues)


def _carrier(application: "Application") -> Any:  # Any: one of the adapters
    settings = application.settings
    url = settings.redis_url if settings.jobs.transport_url is None else settings.jobs.transport_url.get_secret_value()
    make = adapter(ADAPTERS[settings.jobs.transport], extra="broker")
    return make(url, name=settings.jobs.transport_name or settings.service_name)
