"""What core itself puts behind ports: tokens, password hashing, and who is still allowed."""

from typing import TYPE_CHECKING

from .audit.wiring import register_audit, stop_audit
from .database import DatabaseOptions
from .events.wiring import register_events, stop_events
from .jobs.wiring import register_jobs, stop_jobs
from .limits.budgets import Budgets
from .limits.failures import FailureLimit
from .limits.tries import TryLimit
from .mail.wiring import register_mail
from .runtime import Runtime
from .security.argon2id import Argon2Cost
from .security.authenticator import Authenticator
from .security.csrf import CsrfTokens
from .security.hashing_slots import HashingSlots
from .security.key_gate import KeyGate
from .security.key_uses import KeyUses
from .security.keys import KeyRing
from .security.new_passwords import NewPasswords
from .security.owners import Owners
from .security.passwords import PRESETS, Passwords
from .security.ports import KeySource, KeyTallies, PermissionSource, SessionSource, SessionState
from .security.session_cookies import SessionCookies
from .security.snapshots import KeySnapshots, Snapshots
from .security.tokens import AccessTokens
from .settings import Settings
from .workflows import Workflows

if TYPE_CHECKING:
    from .application import Application


def register_core(application: "Application") -> None:
    """Register core's own implementations. Each is made at its first use, so a command that needs none pays for none."""
    settings, singleton = application.settings, application.ports.singleton
    singleton(Settings, lambda: settings)
    singleton(KeyRing, lambda: _keys(settings))
    singleton(AccessTokens, lambda: _tokens(application))
    singleton(HashingSlots, lambda: HashingSlots(settings.data_dir / "runtime"))
    singleton(Passwords, lambda: Passwords(application.resolve(HashingSlots), _cost(settings)))
    singleton(NewPasswords, lambda: _new_passwords(settings))
    singleton(Runtime, lambda: Runtime(settings.data_dir))
    singleton(FailureLimit, lambda: FailureLimit(application.resolve(Runtime), enabled=settings.rate_limits))
    singleton(TryLimit, lambda: TryLimit(application.resolve(Runtime), enabled=settings.rate_limits))
    singleton(Snapshots, lambda: _snapshots(application))
    singleton(Owners, lambda: Owners(application.modules))
    singleton(KeySnapshots, lambda: _key_snapshots(application))
    singleton(KeyUses, lambda: KeyUses(application.resolve(KeySource)))
    singleton(KeyGate, lambda: _key_gate(application))
    singleton(SessionCookies, lambda: SessionCookies.of(settings))
    singleton(CsrfTokens, lambda: CsrfTokens([secret.get_secret_value() for secret in settings.session_secret]))
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
    await stop_events(application)
    if workflows := made(Workflows):
        await workflows.stop()
    await stop_jobs(application)
    if snapshots := made(Snapshots):
        await snapshots.stop()
    if key_snapshots := made(KeySnapshots):
        await key_snapshots.stop()
    if uses := made(KeyUses):
        await uses.stop()
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
        application_name=settings.service_name,
        log_statements=settings.log_sql,
    )


def _keys(settings: Settings) -> KeyRing:
    if settings.jwt_private_key is not None:
        private, public = settings.jwt_private_key.get_secret_value(), settings.jwt_public_key or ""
        return KeyRing.of_environment(private, public, algorithm=settings.jwt_algorithm)
    return KeyRing.of_folder(settings.data_dir, algorithm=settings.jwt_algorithm)


def _tokens(application: "Application") -> AccessTokens:
    settings = application.settings
    return AccessTokens(
        application.resolve(KeyRing),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        ttl=settings.access_token_ttl,
        claims=settings.jwt_claims,
    )


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
    )


def _snapshots(application: "Application") -> Snapshots[SessionState]:
    return Snapshots(
        application.reading,
        application.resolve(SessionSource),
        application.resolve(PermissionSource),
        followers=(application.resolve(KeySnapshots),) if KeySource in application.ports else (),
    )


def _key_snapshots(application: "Application") -> KeySnapshots:
    return KeySnapshots(application.reading, application.resolve(KeySource), application.resolve(PermissionSource))


def _key_gate(application: "Application") -> KeyGate:
    settings = application.settings
    return KeyGate(
        application.resolve(KeySnapshots),
        Budgets(application.resolve(KeyTallies)),
        application.resolve(KeyUses),
        FailureLimit(application.resolve(Runtime), purpose="api_keys", enabled=settings.rate_limits),
        live=settings.is_production,
        limited=settings.rate_limits,
    )
