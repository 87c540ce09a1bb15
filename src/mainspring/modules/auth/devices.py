"""Known devices: whoever signed in gets a token that says so, and is no stranger the next time (D-29).

It lets nobody in. It gives the owner a guess budget that strangers cannot use up, and spares him a mail about a new device. The
token is signed, bound to its user, and renewed at each sign-in: `<base64url of device id and time>.<mac>`, see `Signer`.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from mainspring.core import clock, ids
from mainspring.core.context import Context
from mainspring.core.security.refusals import TokenInvalid
from mainspring.core.security.session_cookies import SessionCookies, in_cookies
from mainspring.core.security.signing import Signer
from mainspring.core.settings import Settings

from .rows import Device, DeviceToken

LIFE = timedelta(days=180)
HEADER = b"x-device-token"
ID_BYTES, TIME_BYTES = 16, 8


def presented(context: Context, settings: Settings) -> str | None:
    """The token that came with a request: the header `X-Device-Token`, else the cookie; two cookies count as none."""
    if (header := context.header(HEADER)) is not None:
        return header
    cookies = (context.header(b"cookie") or "").encode("latin-1")
    try:
        found = in_cookies(cookies, SessionCookies.of(settings).device.encode())
    except TokenInvalid:
        return None
    return None if found is None else found.decode("latin-1")


def device_of(token: str | None, user_id: UUID, settings: Settings) -> Device | None:
    """The device that a token stands for; None unless we signed it for this user, less than 180 days ago."""
    payload, dot, mac = (token or "").partition(".")
    try:
        raw, signature = _bytes(payload), _bytes(mac)
    except ValueError:
        return None
    if not dot or len(raw) != ID_BYTES + TIME_BYTES or not _signer(settings).is_mac(signature, user_id.bytes + raw):
        return None
    device = Device(UUID(bytes=raw[:ID_BYTES]), datetime.fromtimestamp(int.from_bytes(raw[ID_BYTES:]), UTC))
    return device if clock.now() - device.seen_at < LIFE else None


def token_for(user_id: UUID, device: Device | None, settings: Settings) -> DeviceToken:
    """The token of a device that is seen now; a new one when it was a stranger."""
    raw = (device.id if device else ids.new()).bytes + int(clock.now().timestamp()).to_bytes(TIME_BYTES)
    return DeviceToken(f"{_text(raw)}.{_text(_signer(settings).mac(user_id.bytes + raw))}", LIFE)


def _signer(settings: Settings) -> Signer:
    return Signer([secret.get_secret_value() for secret in settings.session_secret], "device")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Raises ValueError for what is no base64url in its one spelling."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if not hmac.compare_digest(_text(raw), text):
        raise ValueError("another spelling")
    return raw
