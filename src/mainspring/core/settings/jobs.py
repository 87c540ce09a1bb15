"""`JOBS__...`: how jobs are run."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints

from .section import Section

QueueLimit = Annotated[str, StringConstraints(pattern=r"^[^:,\s]{1,60}:[1-9]\d{0,4}$")]
SCHEMES = {"rabbitmq": ("rabbitmq", "amqp", "amqps"), "nats": ("nats", "tls"), "redis": ("redis", "rediss")}


class JobSettings(Section):
    """`JOBS__...`: how jobs are run (R-263)."""

    concurrency: int = Field(default=10, ge=0, le=1000, description="Jobs that a serving process runs at once; 0 for none.")
    queues: tuple[QueueLimit, ...] = Field(
        default=(), description="Most jobs of a queue at once, over all processes: mail:2,reports:1."
    )
    oldest_ready: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        description="When a job that could run and does not makes /health say degraded.",
    )
    transport: Literal["database", "rabbitmq", "nats", "redis"] = Field(
        default="database", description="What tells workers of new jobs: the database, or a broker that carries them."
    )
    transport_url: SecretStr | None = Field(
        default=None, description="Address of the broker, such as nats://127.0.0.1:4222; for redis REDIS_URL is the default."
    )
    transport_name: str = Field(
        default="",
        max_length=100,
        pattern=r"^[A-Za-z0-9_.-]*$",
        description="First part of what lies at the broker, one for each database; by default SERVICE_NAME.",
    )

    @property
    def limits(self) -> dict[str, int]:
        """The limits by queue."""
        return {name: int(most) for name, _, most in (one.rpartition(":") for one in self.queues)}


def about_jobs(jobs: JobSettings, redis_url: str | None) -> list[str]:
    """One sentence for each value that cannot be meant."""
    if jobs.transport == "database":
        return ["JOBS__TRANSPORT_URL is set and JOBS__TRANSPORT is database."] if jobs.transport_url else []
    if jobs.transport_url is None:
        return [] if jobs.transport == "redis" and redis_url else ["JOBS__TRANSPORT_URL is missing beside JOBS__TRANSPORT."]
    if urlsplit(jobs.transport_url.get_secret_value()).scheme not in SCHEMES[jobs.transport]:
        return [f"JOBS__TRANSPORT_URL must start with {SCHEMES[jobs.transport][0]}://."]
    return []
