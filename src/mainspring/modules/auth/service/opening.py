"""Opening a session. For the gate alone: everybody else asks `Admission`."""

from datetime import datetime, timedelta

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.settings import Settings

from ..events import SignedIn
from ..repository import RefreshTokenRepository, SessionRepository
from ..rows import CLIENT, Proof, SessionRow, Tokens
from ..sealing import token_hash

REFRESH_TOKEN_BYTES = 64
LONGEST_DEVICE = 300


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
        device=(device or uow.context.user_agent or "")[:LONGEST_DEVICE] or None,
        ip_address=uow.context.address,
        created_at=now,
        last_used_at=now,
        authenticated_at=proved_at or now,
        expires_at=now + (life or settings.refresh_token_max_life),
        ended_at=None,
    )
    await SessionRepository(uow).add(session)
    refresh_token = ids.secret(REFRESH_TOKEN_BYTES)
    expires_at = min(now + settings.refresh_token_ttl, session.expires_at)
    await RefreshTokenRepository(uow).add(session.id, token_hash(refresh_token), expires_at)
    if transport != CLIENT:  # nobody signed in; what the client got is told by whoever gave it
        uow.publish(SignedIn(session.id, proof.user_id, proof.method, second_factor))
    return Tokens(session.id, proof.user_id, refresh_token, expires_at, transport)
