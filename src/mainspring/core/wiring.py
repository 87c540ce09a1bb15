"""What core itself puts behind ports: tokens, password hashing, and who is still allowed."""

from typing import TYPE_CHECKING

from .audit.wiring import register_audit, stop_audit
from .cache.wiring import register_cache, stop_cache
from .database import DatabaseOptions
from .events.wiring import register_events, stop_events
from .jobs.wiring import register_jobs, stop_jobs
from .limits.budgets import Budgets
from .limits.lending import ByStore
from .limits.wiring import failure_limit, register_limits, stop_limits
from .mail.wiring import register_mail
from .observability.telemetry import load_telemetry
from .runtime import Runtime
from .security.argon2id import Argon2Cost
from .security.authenticator import Authenticator
from .security.csrf import CsrfTokens
from .security.dpop import DpopProofs
from .security.hashing_slots import HashingSlots
from .security.key_gate import KeyGate
from .security.key_uses import KeyUses
from .security.keys import KeyRing
from .security.new_passwords import NewPasswords
from .security.owners import Owners
from .security.passwords import PRESETS, Passwords
from .security.ports import KeySource, KeyTallies, OutsideTokens, PermissionSource, SessionSource, SessionState
from .security.session_cookies import SessionCookies
from .security.snapshots import Follower, KeySnapshots, Snapshots
from .security.tokens import AccessTokens
from .settings import Settings
from .token_keys.wiring import register_token_keys, stop_token_keys
from .workflows import Workflows

if TYPE_CHECKING:
    from .application import Application


def register_core(application: "Application") -> None:
    """Register core's own implementations. Each is made at its first use, so a command that needs none pays for none."""
    settings, singleton = application.settings, application.ports.singleton
    load_telemetry(settings)
    singleton(Settings, lambda: settings)
    if settings.jwt_private_key is not None:
        singleton(KeyRing, lambda: _keys(settings))
    register_token_keys(application)
    singleton(AccessTokens, lambda: _tokens(application))
    singleton(HashingSlots, lambda: _slots(settings))
    singleton(Passwords, lambda: Passwords(application.resolve(HashingSlots), _cost(settings)))
    singleton(NewPasswords, lambda: _new_passwords(settings))
    singleton(Runtime, lambda: Runtime(settings.data_dir))
    register_limits(application)
    register_cache(application)
    singleton(Snapshots, lambda: _snapshots(application))
    singleton(Owners, lambda: Owners(application.modules))
    singleton(KeySnapshots, lambda: _key_snapshots(application))
    singleton(KeyUses, lambda: KeyUses(application.resolve(KeySource)))
    singleton(KeyGate, lambda: _key_gate(application))
    singleton(SessionCookies, lambda: SessionCookies.of(settings))
    singleton(CsrfTokens, lambda: CsrfTokens([secret.get_secret_value() for secret in settings.session_secret]))
    singleton(DpopProofs, lambda: DpopProofs(settings.public_url, application.unit))
    singleton(Authenticator, lambda: _authenticator(application))
    register_jobs(application)
    singleton(Workflows, lambda: Workflows(application))
    register_events(application)
    register_mail(application)
    register_audit(application)


async def stop_core(application: "Application") -> None:
    """Stop and close what of it was made."""
    made = application.ports.made
    await stop_audit(application)
    await stop_token_keys(application)
    await stop_events(application)
    if workflows := made(Workflows):
        await workflows.stop()
    await stop_jobs(application)
    if snapshots := made(Snapshots):
        await snapshots.stop()
    if key_snapshots := made(KeySnapshots):
        await key_snapshots.stop()
    if outside := made(OutsideTokens):
        await outside.stop()
    if uses := made(KeyUses):
        await uses.stop()
    await stop_cache(application)
    await stop_limits(application)
    if slots := made(HashingSlots):
        slots.stop()
    if runtime := made(Runtime):
        runtime.close()


def database_options(settings: Settings) -> DatabaseOptions:
    """How every database of the application is opened."""
    return DatabaseOptions(
        synchronous=settings.db_synchronous.upper(),
        pool_max=settings.db_pool_max,
        pool_min=settings.db_pool_min,
        connect_timeout=settings.db_acquire_timeout.total_seconds(),
        acquire_timeout=settings.db_acquire_timeout.total_seconds(),
        lock_timeout=settings.db_lock_timeout.total_seconds(),
        statement_timeout=settings.db_statement_timeout.total_seconds(),
        application_name=settings.service_name,
        log_statements=settings.log_sql,
        slow_query=settings.db_slow_query.total_seconds(),
    )


def _keys(settings: Settings) -> KeyRing:
    private = settings.jwt_private_key.get_secret_value() if settings.jwt_private_key else ""
    return KeyRing.of_environment(private, settings.jwt_public_key or "", algorithm=settings.jwt_algorithm)


def _tokens(application: "Application") -> AccessTokens:
    settings = application.settings
    return AccessTokens(
        application.resolve(KeyRing) if KeyRing in application.ports else None,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        ttl=settings.access_token_ttl,
        claims=settings.jwt_claims,
    )


def _slots(settings: Settings) -> HashingSlots:
    return HashingSlots(settings.data_dir / "runtime", longest_wait=settings.password.longest_wait.total_seconds())


def _cost(settings: Settings) -> Argon2Cost:
    password, preset = settings.password, PRESETS[settings.password.preset]
    return Argon2Cost(
        password.memory_kib or preset.memory_kib, password.time_cost or preset.passes, password.parallelism or preset.lanes
    )


def _new_passwords(settings: Settings) -> NewPasswords:
    password = settings.password
    return NewPasswords(password, (settings.service_name, *password.refused_words), password.breach_file)


def _authenticator(application: "Application") -> Authenticator:
    settings = application.settings
    return Authenticator(
        application.resolve(AccessTokens),
        application.resolve(Snapshots),
        application.resolve(CsrfTokens),
        cookie=application.resolve(SessionCookies).access,
        origins=(settings.public_url.rstrip("/"), *settings.allowed_origins),
        keys=application.resolve(KeyGate) if KeySource in application.ports else None,
        mfa=settings.mfa,
        proofs=application.resolve(DpopProofs),
        outside=_outside(application),
    )


def _snapshots(application: "Application") -> Snapshots[SessionState]:
    return Snapshots(
        application.reading,
        application.resolve(SessionSource),
        application.resolve(PermissionSource),
        followers=_followers(application),
    )


def _followers(application: "Application") -> list[Follower]:
    """Who remembers users beside the sessions: API keys, and tokens of outside issuers."""
    keys = [application.resolve(KeySnapshots)] if KeySource in application.ports else []
    outside = _outside(application)
    return [*keys, *([outside] if outside is not None else [])]


def _outside(application: "Application") -> OutsideTokens | None:
    found = application.resolve(OutsideTokens) if OutsideTokens in application.ports else None
    return found if found is not None and found.is_used else None


def _key_snapshots(application: "Application") -> KeySnapshots:
    return KeySnapshots(application.reading, application.resolve(KeySource), application.resolve(PermissionSource))


def _key_gate(application: "Application") -> KeyGate:
    settings = application.settings
    return KeyGate(
        application.resolve(KeySnapshots),
        Budgets(ByStore(application.resolve(KeyTallies))),
        application.resolve(KeyUses),
        failure_limit(application, "api_keys"),
        live=settings.is_production,
        limited=settings.rate_limits,
    )
