"""Opening a session. For the gate alone: everybody else asks `Admission`."""

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.settings import Settings

from ..events import SignedIn
from ..ports import PlaceFinder
from ..repository import RefreshTokenRepository, SessionRepository
from ..rows import Proof, SessionRow, Tokens
from ..sealing import token_hash

REFRESH_TOKEN_BYTES = 64
LONGEST_DEVICE, LONGEST_PLACE = 300, 200


async def open_session(uow: UnitOfWork, proof: Proof, transport: str, second_factor: str | None) -> Tokens:
    """Begin a session with its first refresh token. Each sign-in is a new one, so nothing can be fixed beforehand."""
    settings = uow.port(Settings)
    now = clock.now()
    session = SessionRow(
        id=ids.new(),
        user_id=proof.user_id,
        transport=transport,
        method=proof.method,
        second_factor=second_factor,
        device=device_sent(uow),
        ip_address=uow.context.address,
        place=place_of(uow),
        created_at=now,
        last_used_at=now,
        authenticated_at=now,
        expires_at=now + settings.refresh_token_max_life,
        ended_at=None,
    )
    await SessionRepository(uow).add(session)
    refresh_token = ids.secret(REFRESH_TOKEN_BYTES)
    expires_at = min(now + settings.refresh_token_ttl, session.expires_at)
    await RefreshTokenRepository(uow).add(session.id, token_hash(refresh_token), expires_at)
    uow.publish(SignedIn(session.id, proof.user_id, proof.method, second_factor))
    return Tokens(session.id, proof.user_id, refresh_token, expires_at, transport)


def device_sent(uow: UnitOfWork) -> str | None:
    """The `User-Agent` of the request."""
    return (uow.context.user_agent or "")[:LONGEST_DEVICE] or None


def place_of(uow: UnitOfWork) -> str | None:
    """Where the request comes from, if somebody knows."""
    address = uow.context.address
    place = uow.port(PlaceFinder).place_of(address) if address else None
    return place[:LONGEST_PLACE] if place else None
