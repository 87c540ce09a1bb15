"""What production refuses (R-087, R-184, D-01, D-32), and what is refused everywhere."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..mail.server import about_mail
from ..security.breach_file import what_is_wrong
from .events import about_events
from .jobs import about_jobs
from .model import Settings
from .outgoing import about_outgoing
from .telemetry import about_telemetry

SHORTEST_SECRET = 32
WEAK_WORDS = (
    "changeme",
    "change-me",
    "change_me",
    "example",
    "development",
    "your-",
    "your_",
    "password",
    "placeholder",
    "insecure",
)


def refuse_unsafe(settings: Settings, problems: list[str]) -> None:
    """Append one sentence for each value that would be dangerous."""
    for name, secrets in (("SESSION_SECRET", settings.session_secret), ("ENCRYPTION_KEY", settings.encryption_key)):
        problems += _about_secrets(name, secrets, settings.is_production)
    problems += _about_urls(settings)
    problems += about_mail(settings)
    if settings.templates_dir is not None and not settings.templates_dir.is_dir():
        problems.append("TEMPLATES_DIR is no folder.")
    problems += about_events(settings.events)
    problems += about_jobs(settings.jobs, settings.redis_url)
    problems += _about_sessions(settings)
    problems += about_outgoing(settings.outgoing)
    problems += about_telemetry(settings)
    if settings.db_pool_min > settings.db_pool_max:
        problems.append("DB_POOL_MIN must not be more than DB_POOL_MAX.")
    if settings.db_lock_timeout >= settings.db_statement_timeout:
        problems.append("DB_LOCK_TIMEOUT must be less than DB_STATEMENT_TIMEOUT, which counts the wait for locks too.")
    if settings.refresh_token_ttl > settings.refresh_token_max_life:
        problems.append("REFRESH_TOKEN_TTL must not be longer than REFRESH_TOKEN_MAX_LIFE.")
    if settings.password.min_length > settings.password.max_length:
        problems.append("PASSWORD__MIN_LENGTH must not be more than PASSWORD__MAX_LENGTH.")
    if settings.password.breach_file is not None and (wrong := what_is_wrong(settings.password.breach_file)) is not None:
        problems.append(wrong)
    if "*" in settings.allowed_origins:
        problems.append(
            "ALLOWED_ORIGINS must name each origin: * together with credentials would let every site act for its visitors."
        )
    if settings.is_production:
        problems += _about_production(settings)


def _about_secrets(name: str, secrets: tuple[SecretStr, ...], in_production: bool) -> list[str]:
    if not secrets:
        return [f"{name} is missing: production needs at least {SHORTEST_SECRET} random characters."] if in_production else []
    texts = [secret.get_secret_value() for secret in secrets]
    if any(len(text) < SHORTEST_SECRET for text in texts):
        return [f"{name} must have at least {SHORTEST_SECRET} characters."]
    if in_production and any(len(set(text)) < 8 or any(word in text.lower() for word in WEAK_WORDS) for text in texts):
        return [f"{name} is a development value: production needs random characters."]
    return []


def _about_urls(settings: Settings) -> list[str]:
    problems = []
    for name, url in settings.databases.items():
        if urlsplit(url).scheme not in ("sqlite", "postgresql"):
            problems.append(f"{_variable(name)} must start with sqlite:/// or postgresql://.")
    if settings.redis_url and urlsplit(settings.redis_url).scheme not in ("redis", "rediss", "unix"):
        problems.append("REDIS_URL must start with redis:// or rediss://.")
    for origin in settings.allowed_origins:
        parts = urlsplit(origin)
        if origin != "*" and (not parts.scheme or not parts.netloc or parts.path or parts.query):
            problems.append(f"ALLOWED_ORIGINS holds {origin!r}; an origin looks like https://www.example.com.")
    for proxy in settings.trusted_proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            problems.append(f"TRUSTED_PROXIES holds {proxy!r}; an entry looks like 10.0.0.7 or 10.0.0.0/8.")
    if not urlsplit(settings.public_url).scheme.startswith("http"):
        problems.append("PUBLIC_URL must start with https:// (or http:// while developing).")
    return problems


def _about_sessions(settings: Settings) -> list[str]:
    if settings.session_store != "redis":
        return []
    problems = [] if settings.redis_url else ["SESSION_STORE is redis and REDIS_URL is missing."]
    if settings.is_embedded:
        problems.append("SESSION_STORE=redis needs PostgreSQL in DATABASE_URL: SQLite means one machine, without a use for it.")
    return problems


def _about_production(settings: Settings) -> list[str]:
    problems = []
    if settings.jwt_private_key is None and settings.jwt_key_lifetime is None:
        problems.append(
            "JWT_PRIVATE_KEY is missing: production needs the PEM of an RSA key (openssl genrsa 3072), or JWT_KEY_LIFETIME=90d, "
            "which keeps keys in the database and changes them."
        )
    if settings.debug:
        problems.append("DEBUG must be off in production.")
    if settings.public_url.startswith("http://") and urlsplit(settings.public_url).hostname not in (
        "localhost",
        "127.0.0.1",
        "::1",
    ):
        problems.append("PUBLIC_URL must start with https:// in production.")
    if settings.log_sql:
        problems.append("LOG_SQL must be off in production.")
    if settings.db_synchronous == "off":
        problems.append("DB_SYNCHRONOUS must not be off in production: a power cut would lose acknowledged writes.")
    return problems


def _variable(database: str) -> str:
    return "DATABASE_URL" if database == "default" else f"DATABASES__{database.upper()}__URL"
