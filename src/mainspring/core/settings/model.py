"""Every setting of core, with its default and one sentence. The environment's name is the field's name in capitals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr

from .audit import AuditSettings
from .cache import CacheSettings
from .events import EventSettings
from .jobs import JobSettings
from .limits import LimitSettings
from .mfa import MfaSettings
from .outgoing import OutgoingSettings
from .passwords import PasswordSettings
from .processes import ProcessCount
from .section import Section

S = TypeVar("S", bound=BaseModel)
MIB = 1024 * 1024


class WorkflowSettings(Section):
    """`WORKFLOWS__...`: durable workflows (R-292)."""

    history: timedelta = Field(
        default=timedelta(days=30), ge=timedelta(days=1), description="How long workflows that ended are kept."
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of `mainspring settings`: the name, the value (secrets hidden) and where it came from."""

    name: str
    value: str
    source: str


def of(group: str, default: Any, text: str, *, later: bool = False, **rules: Any) -> Any:  # Any: pydantic's own field type
    """A setting of a group (R-206). `later` marks a name that is read and checked, but used by no installed part yet."""
    return Field(default, description=text, json_schema_extra={"group": group, "later": later}, **rules)


class Settings(BaseModel):
    """The whole configuration. Read it with `load_settings`; nothing else reads the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # app
    app_env: Literal["development", "production", "test"] = of("app", "development", "How the program runs.")
    host: str = of("app", "127.0.0.1", "Address to listen on; 0.0.0.0 for every one.")
    port: int = of("app", 8000, "Port to listen on; 0 picks a free one.", ge=0, le=65_535)
    workers: ProcessCount = of("app", 1, "Server processes on this machine; auto for one per core.", ge=1, le=256)
    data_dir: Path = of("app", Path(".mainspring"), "Folder for the embedded database, keys, files and mail.")
    service_name: str = of("app", "mainspring", "Name of the program in logs.")
    public_url: str = of("app", "", "Address under which people reach the server; by default HOST and PORT.")
    debug: bool = of("app", False, "Slower checks while developing; refused in production.")
    drain_delay: timedelta = of(
        "app",
        timedelta(0),
        "How long after SIGTERM requests are served as before while /ready answers 503, so that balancers turn away.",
        ge=timedelta(0),
        le=timedelta(minutes=5),
    )
    drain_timeout: timedelta = of(
        "app", timedelta(seconds=30), "Longest time running requests get after SIGTERM and DRAIN_DELAY.", ge=timedelta(seconds=1)
    )
    worker_max_age: timedelta = of(
        "app",
        timedelta(0),
        "Age at which a process is replaced by a fresh one, up to a tenth earlier; 0s for never.",
        ge=timedelta(0),
    )
    worker_max_requests: int = of(
        "app", 0, "Requests after which a process is replaced, up to a tenth earlier; 0 for never.", ge=0
    )
    worker_max_memory: int = of("app", 0, "Bytes of resident memory at which a process is replaced; 0 for never.", ge=0)
    docs_enabled: bool = of("app", True, "Whether /docs and /openapi.json are served; off by default in production.")
    metrics_enabled: bool = of("app", True, "Whether /metrics is served to everyone; off by default in production.")

    # logs
    log_level: Literal["error", "warn", "info", "debug"] = of("logs", "info", "Least level that is written.")
    log_dir: Path | None = of("logs", None, "Folder for error.log and combined.log, beside the standard output.")
    log_sql: bool = of(
        "logs", False, "Whether each statement of a request or job is logged with its duration; on by default in development."
    )

    # http
    allowed_origins: tuple[str, ...] = of("http", (), "Origins that may call with credentials (CORS), with commas between.")
    allowed_hosts: tuple[str, ...] = of("http", ("*",), "Accepted Host names, with commas between; *.example.com for subdomains.")
    trusted_proxies: tuple[str, ...] = of("http", (), "Addresses or networks whose X-Forwarded-For is believed.")
    body_limit: int = of("http", 10 * MIB, "Most bytes of a request body.", ge=1024)
    form_fields_limit: int = of("http", 1000, "Most fields of a form.", ge=1)
    batch_limit: int = of("http", 20, "Most operations of a batch.", ge=1, le=100)
    request_timeout: timedelta = of("http", timedelta(seconds=30), "Longest time for one answer.", ge=timedelta(seconds=1))
    body_timeout: timedelta = of("http", timedelta(seconds=30), "Longest wait for a request's body.", ge=timedelta(seconds=1))
    validation_status: Literal[422, 400] = of("http", 422, "Status of a validation error.")
    response_style: Literal["bare", "data", "envelope"] = of(
        "http", "bare", "Form of a success: the bare resource, {data}, or {status, message, data}."
    )
    api_default_version: str = of(
        "http",
        "",
        "Version that answers /api/... without one, such as v1; by default such paths are not found.",
        pattern=r"^(v\d+)?$",
    )
    cookie_same_site: Literal["lax", "strict"] = of(
        "http", "lax", "SameSite of session cookies; strict also leaves them out when a link leads here from another site."
    )
    rate_limits: bool = of("http", True, "Whether requests are limited.")
    rate_limit_headers: tuple[Literal["draft-6", "x-ratelimit"], ...] = of(
        "http", (), "Older headers beside RateLimit and RateLimit-Policy: draft-6, x-ratelimit."
    )

    # database
    database_url: str = of(
        "database", "", "sqlite:///file or postgresql://user:password@host/name; by default a file.", repr=False
    )
    databases: dict[str, str] = of("database", {}, "Further databases by name: DATABASES__<NAME>__URL.", repr=False)
    db_pool_max: int = of("database", 20, "Most PostgreSQL connections of a process.", ge=1, le=1000)
    db_synchronous: Literal["full", "normal", "off"] = of(
        "database", "full", "When SQLite waits for the disk; off loses writes at a power cut, refused in production."
    )
    db_pool_min: int = of("database", 0, "PostgreSQL connections a process keeps open.", ge=0, le=1000)
    db_acquire_timeout: timedelta = of(
        "database", timedelta(seconds=2), "Longest wait for a connection or SQLite's writer, then 503.", gt=timedelta(0)
    )
    db_lock_timeout: timedelta = of(
        "database", timedelta(seconds=2), "Longest wait for a row that another transaction holds, then 503.", gt=timedelta(0)
    )
    db_statement_timeout: timedelta = of(
        "database", timedelta(seconds=5), "Longest time of one statement, then 503; above DB_LOCK_TIMEOUT.", gt=timedelta(0)
    )
    db_slow_query: timedelta = of(
        "database",
        timedelta(milliseconds=200),
        "From which time on a statement is logged as slow, with its plan; 0s for never.",
        ge=timedelta(0),
    )

    # redis
    redis_url: str | None = of("redis", None, "redis://host:6379/0, shared by several machines.", repr=False)
    session_store: Literal["database", "redis"] = of("redis", "database", "redis: Redis must hold a session too; for PostgreSQL.")

    # secrets
    session_secret: tuple[SecretStr, ...] = of("secrets", (), "At least 32 characters; signs cursors, links and CSRF tokens.")
    encryption_key: tuple[SecretStr, ...] = of("secrets", (), "At least 32 characters; encrypts fields at rest.")

    # jwt
    jwt_private_key: SecretStr | None = of(
        "jwt", None, "PEM of the key that signs access tokens; by default keys are made, and kept sealed in the database."
    )
    jwt_public_key: str | None = of(
        "jwt", None, "PEM of its public half, and of keys that only verify: the next one, and those of before."
    )
    jwt_key_lifetime: timedelta | None = of(
        "jwt",
        None,
        "After how long a key of the database is replaced, such as 90d; by default by `mainspring keys rotate` only.",
        ge=timedelta(days=1),
    )
    jwt_algorithm: Literal["RS256", "PS256", "ES256", "EdDSA"] = of("jwt", "RS256", "How access tokens are signed.")
    jwt_issuer: str = of("jwt", "", "`iss` of access tokens; by default PUBLIC_URL.")
    jwt_audience: str = of("jwt", "api", "`aud` of access tokens.", min_length=1)
    jwt_claims: tuple[Literal["roles", "permissions", "email"], ...] = of(
        "jwt", ("roles",), "Extra claims, only hints to clients."
    )
    access_token_ttl: timedelta = of(
        "jwt", timedelta(minutes=15), "Life of an access token.", ge=timedelta(minutes=1), le=timedelta(hours=1)
    )
    refresh_token_ttl: timedelta = of("jwt", timedelta(days=7), "Life of a refresh token, sliding.", ge=timedelta(minutes=1))
    refresh_token_max_life: timedelta = of("jwt", timedelta(days=30), "Longest life of a session.", ge=timedelta(minutes=1))
    refresh_grace: timedelta = of(
        "jwt", timedelta(seconds=10), "Time in which a used refresh token still answers; 0s for none.", le=timedelta(minutes=1)
    )

    # email
    smtp_url: SecretStr | None = of(
        "email", None, "smtp://user:password@host:587; without one, mail is written to DATA_DIR/mail."
    )
    email_host: str | None = of("email", None, "Mail server, when SMTP_URL is not given.")
    email_port: int = of("email", 587, "Port of the mail server; 465 is TLS from the first byte.", ge=1, le=65_535)
    email_user: str | None = of("email", None, "Account at the mail server.")
    email_password: SecretStr | None = of("email", None, "Password at the mail server.")
    email_from: str = of("email", "", "Sender of every mail, such as Shop <shop@example.com>; by default no-reply@ our host.")
    email_tls: Literal["auto", "required", "off"] = of(
        "email", "auto", "auto takes TLS where it is offered, and demands it before a password; off allows plain text."
    )
    email_timeout: timedelta = of(
        "email", timedelta(seconds=30), "Longest time for handing over one mail.", ge=timedelta(seconds=1)
    )
    templates_dir: Path | None = of("email", None, "Folder whose files take the place of shipped templates.")

    # services
    google_client_id: str | None = of("services", None, "Sign-in with Google; the same as google in SOCIAL__PROVIDERS.")
    google_client_secret: SecretStr | None = of("services", None, "Sign-in with Google.")
    google_redirect_uri: str | None = of("services", None, "Sign-in with Google; by default the callback below PUBLIC_URL.")
    stripe_api_key: SecretStr | None = of("services", None, "Payments by Stripe, with PAYMENTS__GATEWAY=stripe.")
    stripe_webhook_secret: SecretStr | None = of(
        "services", None, "Checks what Stripe sends; while it changes, both with a comma between."
    )
    storage_url: str | None = of("services", None, "s3://bucket for files; by default a folder.", repr=False, later=True)
    mongodb_uri: str | None = of("services", None, "MongoDB behind the document port.", repr=False, later=True)

    # telemetry
    sentry_dsn: SecretStr | None = of("telemetry", None, "Where unexpected errors are reported, in the protocol of Sentry.")
    sentry_release: str | None = of("telemetry", None, "Release in those reports; by default SERVICE_NAME and our version.")
    otel_exporter_otlp_endpoint: str | None = of(
        "telemetry", None, "Collector of OpenTelemetry that traces are sent to, such as http://localhost:4318; by default none."
    )
    otel_exporter_otlp_traces_endpoint: str | None = of(
        "telemetry", None, "Whole address for traces, where it is not /v1/traces below the other."
    )
    otel_exporter_otlp_headers: SecretStr | None = of(
        "telemetry", None, "Headers for the collector, such as api-key=..., with commas between."
    )
    otel_traces_sampler: Literal[
        "parentbased_traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "traceidratio",
        "always_on",
        "always_off",
    ] = of("telemetry", "parentbased_traceidratio", "Which traces are recorded; parentbased_ follows whoever asks us.")
    otel_traces_sampler_arg: float = of("telemetry", 1.0, "Share of traces that a ratio records, 0 to 1.", ge=0.0, le=1.0)
    otel_service_name: str | None = of("telemetry", None, "Name of the program in traces; by default SERVICE_NAME.")
    otel_resource_attributes: str | None = of("telemetry", None, "What every span says, such as team=shop,region=eu.")
    otel_sdk_disabled: bool = of("telemetry", False, "Turns traces off, whatever else is set.")

    password: PasswordSettings = PasswordSettings()
    limits: LimitSettings = LimitSettings()
    cache: CacheSettings = CacheSettings()
    outgoing: OutgoingSettings = OutgoingSettings()
    mfa: MfaSettings = MfaSettings()
    workflows: WorkflowSettings = WorkflowSettings()
    audit: AuditSettings = AuditSettings()
    events: EventSettings = EventSettings()
    jobs: JobSettings = JobSettings()

    _sections: dict[type[BaseModel], BaseModel] = PrivateAttr(default_factory=dict)
    _shown: tuple[Shown, ...] = PrivateAttr(default=())
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    def section(self, kind: type[S]) -> S:
        """A module's own settings. Without any of its names given, its defaults. Raises pydantic's error if it needs one."""
        found = self._sections.get(kind)
        if found is None:
            found = self._sections[kind] = kind()
        assert isinstance(found, kind)  # noqa: S101 - the loader stores each section under its own class
        return found

    def sources(self) -> Iterator[Shown]:
        """Every setting with its shown value and its source (`environment`, a file's name, `default`, ...)."""
        return iter(self._shown)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the boot says once in the log, one sentence each."""
        return self._warnings

    @property
    def is_production(self) -> bool:
        """Whether the program serves real people."""
        return self.app_env == "production"

    @property
    def is_embedded(self) -> bool:
        """Whether the main database is a file beside the program."""
        return self.database_url.startswith("sqlite:")
