"""Opening a session. For the gate alone: everybody else asks `Admission`."""

from datetime import datetime, timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.security.principal import Principal
from mainspring.core.settings import Settings

from ..events import SignedIn
from ..ports import CLIENT, PlaceFinder
from ..repository import RefreshTokenRepository
from ..rows import IMPERSONATION, Proof, SessionRow, Tokens, proved_two
from ..sealing import token_hash
from .keeping import SessionKeeper

REFRESH_TOKEN_BYTES = 64
LONGEST_DEVICE, LONGEST_PLACE = 300, 200


async def open_session(
    uow: UnitOfWork,
    proof: Proof,
    transport: str,
    second_factor: str | None,
    *,
    device: str | None = None,
    life: timedelta | None = None,
    proved_at: datetime | None = None,
) -> Tokens:
    """Begin a session with its first refresh token. Each sign-in is a new one, so nothing can be fixed beforehand.

    One for an OAuth client names it as its `device`; it was proved when the session was that let the client in.
    """
    settings = uow.port(Settings)
    now = clock.now()
    session = SessionRow(
        id=ids.new(),
        user_id=proof.user_id,
        transport=transport,
        method=proof.method,
        second_factor=second_factor,
        device=(device or device_sent(uow) or "")[:LONGEST_DEVICE] or None,
        ip_address=uow.context.address,
        place=place_of(uow),
        created_at=now,
        last_used_at=now,
        authenticated_at=proved_at or now,
        expires_at=now + (life or settings.refresh_token_max_life),
        ended_at=None,
        origin_id=proof.origin_id,
    )
    await SessionKeeper(uow).add(session)
    refresh_token = ids.secret(REFRESH_TOKEN_BYTES)
    expires_at = min(now + settings.refresh_token_ttl, session.expires_at)
    await RefreshTokenRepository(uow).add(session.id, token_hash(refresh_token), expires_at)
    if transport != CLIENT:  # nobody signed in; what the client got is told by whoever gave it
        uow.publish(SignedIn(session.id, proof.user_id, proof.method, second_factor))
    has_two = proved_two(proof.method, second_factor)
    return Tokens(session.id, proof.user_id, refresh_token, expires_at, transport, has_two)


async def open_impersonation(uow: UnitOfWork, caller: Principal, user_id: UUID, life: timedelta) -> SessionRow:
    """Begin a session in which the caller acts as the user, without a refresh token. Where the caller sits is not the user's
    to know."""
    now = clock.now()
    session = SessionRow(
        id=ids.new(),
        user_id=user_id,
        transport="bearer",
        method=IMPERSONATION,
        second_factor=None,
        device=None,
        ip_address=None,
        place=None,
        created_at=now,
        last_used_at=now,
        authenticated_at=now,
        expires_at=now + life,
        ended_at=None,
        impersonator_id=caller.id,
        impersonator_session_id=caller.session_id,
    )
    await SessionKeeper(uow).add(session)
    return session


def device_sent(uow: UnitOfWork) -> str | None:
    """The `User-Agent` of the request."""
    return (uow.context.user_agent or "")[:LONGEST_DEVICE] or None


def place_of(uow: UnitOfWork) -> str | None:
    """Where the request comes from, if somebody knows."""
    address = uow.context.address
    place = uow.port(PlaceFinder).place_of(address) if address else None
    return place[:LONGEST_PLACE] if place else None
