"""The second proof that our own page sent a request with a cookie (D-42, R-179): a token that only our pages can read.

It is HMAC-SHA-256 of the session's id under a key of SESSION_SECRET, so nothing is stored, it fits one session only, and it ends
with it. Pages get it when they sign in and from `GET /auth/csrf`, and send it back as `X-CSRF-Token`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from .. import context
from ..errors import Forbidden
from ..observability import security_events
from .signing import Signer

HEADER = b"x-csrf-token"


class CsrfMismatch(Forbidden):
    """A request with a cookie came without the token of its session."""

    code: ClassVar[str] = "auth.csrf_mismatch"
    message: ClassVar[str] = "A request with a cookie needs the X-CSRF-Token of its session. GET /api/v1/auth/csrf tells it."


class CsrfTokens:
    """Makes and checks the tokens. While SESSION_SECRET changes, those of the older one are still accepted."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._signer = Signer(secrets, "csrf")

    def of(self, session_id: UUID) -> str:
        """The token of a session."""
        return urlsafe_b64encode(self._signer.mac(session_id.bytes)).rstrip(b"=").decode()

    def is_of(self, token: bytes, session_id: UUID) -> bool:
        """Whether this is the token of the session."""
        try:
            mac = urlsafe_b64decode(token + b"=" * (-len(token) % 4))
        except ValueError:
            return False
        return self._signer.is_mac(mac, session_id.bytes)

    def refuse_forged(self, headers: Iterable[tuple[bytes, bytes]], session_id: UUID, user_id: UUID | None) -> None:
        """Raise CsrfMismatch unless the request carries the session's token, once."""
        sent = [value for name, value in headers if name == HEADER]
        if len(sent) == 1 and self.is_of(sent[0], session_id):
            return
        here = context.current()
        security_events.suspicious_activity(user_id, "csrf_mismatch", ip=here.address, method=here.method, path=here.path)
        raise CsrfMismatch()
