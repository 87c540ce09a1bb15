"""The trail behind ports: the keys that sign it, and what chains it."""

from typing import TYPE_CHECKING

from ..security.keys import read_public_keys
from ..security.tokens import AccessTokens
from .keeper import AuditKeeper
from .seals import Seals
from .security_trail import SecurityTrail

if TYPE_CHECKING:
    from ..application import Application


def register_audit(application: "Application") -> None:
    """Register what the trail needs; each is made at its first use."""
    singleton = application.ports.singleton
    singleton(Seals, lambda: _seals(application))
    singleton(AuditKeeper, lambda: AuditKeeper(application))
    singleton(SecurityTrail, lambda: SecurityTrail(application.database))


async def stop_audit(application: "Application") -> None:
    """Write what was counted, chain what is left and let go."""
    if trail := application.ports.made(SecurityTrail):
        await trail.stop()
    if keeper := application.ports.made(AuditKeeper):
        await keeper.stop()


def _seals(application: "Application") -> Seals:
    retired = read_public_keys(application.settings.audit.public_keys, "AUDIT__PUBLIC_KEYS")
    return Seals(lambda: application.resolve(AccessTokens).keys, retired)
