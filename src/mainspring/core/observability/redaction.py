"""What must never stand in a log: secrets everywhere, e-mail and client addresses outside security events (D-50)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

HIDDEN = "[hidden]"
DEEPEST = 6

SECRET_NAME = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|authorization|cookie|set_cookie|api_?key|private_key|encryption_key|"
    r"credentials?|csrf|otp|totp|pin|cvv|card_number|recovery_codes?|dsn)s?$"
)
WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-. ]")
EMAIL = re.compile(r"([\w.+%-])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)")
URL_PASSWORD = re.compile(r"(\w://[^\s:/@]*):[^\s/]*@")
TOKEN = re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*|(?i:\b(bearer|basic) )[\w.~+/=-]{8,}")


def redacted(fields: Mapping[str, Any], *, mask: bool = True) -> dict[str, Any]:
    """The fields without secrets; with `mask`, also without whole e-mail addresses and client addresses."""
    return {name: _value(name, value, mask, 0) for name, value in fields.items()}


def redacted_text(text: str, *, mask: bool = True) -> str:
    """The text without passwords in URLs, tokens and, with `mask`, whole e-mail addresses."""
    if "eyJ" in text or "earer " in text or "asic " in text:
        text = TOKEN.sub(HIDDEN, text)
    if "@" in text:
        text = URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
        if mask:
            text = EMAIL.sub(r"\1***@\2", text)
    return text


@lru_cache(4096)
def masked_address(address: str) -> str:
    """The network of a public address (/24, /48); private and loopback addresses belong to nobody and stay whole."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not found.is_global:
        return address
    if found.version == 4:
        return f"{address.rpartition('.')[0]}.0"
    return f"{':'.join(found.exploded.split(':')[:3])}::"


@lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whether a field of this name (snake_case, camelCase or a header's) holds a secret."""
    return SECRET_NAME.search(WORD_BREAK.sub("_", name).lower()) is not None


def _value(name: str, value: Any, mask: bool, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret(name):
        return HIDDEN
    if isinstance(value, str):
        return masked_address(value) if mask and name in ("ip", "address") else redacted_text(value, mask=mask)
    if depth > DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): _value(str(key), item, mask, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(name, item, mask, depth + 1) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    return value
