"""What a client sends as `Idempotency-Key`, whose key it is, and what tells one request from another.

The form is that of draft-ietf-httpapi-idempotency-key-header: a quoted text of RFC 9651. The bare form that most clients send
(Stripe's) names the same key.
"""

import hmac
import re
from functools import lru_cache
from hashlib import sha256

from ..errors import Malformed
from ..security.derivation import derived_key
from .exchange import Exchange

HEADER = b"idempotency-key"
LONGEST = 255
LONGEST_CALLER = 64
BARE = re.compile(rb"[\x21-\x7e]+")
QUOTED = re.compile(rb'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
KEY_PATTERN = r'^([!#-~][!-~]{0,254}|"([ !#-\[\]-~]|\\["\\]){1,255}")$'
"""Both forms, as the contract states them."""
ESCAPED = re.compile(rb'\\(["\\])')


def key_of(exchange: Exchange) -> str:
    """The key that was sent. Raises Malformed when it is no visible ASCII text of 1 to 255 characters, or was sent twice."""
    sent = exchange.received[HEADER]
    if sum(name == HEADER for name, _ in exchange.scope["headers"]) > 1:
        raise Malformed("Idempotency-Key must be sent once.")
    quoted = QUOTED.fullmatch(sent)
    key = ESCAPED.sub(rb"\1", quoted[1]) if quoted else sent
    if not (quoted or (BARE.fullmatch(sent) and not sent.startswith(b'"'))) or len(key) > LONGEST:
        raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return key.decode("ascii")


def caller_of(exchange: Exchange) -> str:
    """Whose key it is: keys of different callers never meet; each API key and each OAuth client is a caller of its own."""
    principal = exchange.principal
    if principal is None:
        return f"address {exchange.address}"[:LONGEST_CALLER]
    if principal.key_id is not None:
        return f"key {principal.key_id}"
    if principal.client_id is not None:
        return f"client {sha256(f'{principal.client_id} {principal.id}'.encode()).hexdigest()}"[:LONGEST_CALLER]
    return str(principal.id)


def fingerprints(exchange: Exchange, body: bytes) -> list[str]:
    """What the request is known by: path, query and body under a secret, so that a stolen table tells no password.

    One for each of the session secrets, the one that signs first, so that a key outlives the change of secrets.
    """
    asked = b"\n".join((exchange.path.encode(), exchange.scope["query_string"], body))
    secrets = tuple(secret.get_secret_value() for secret in exchange.application.settings.session_secret)
    return [hmac.digest(key, asked, "sha256").hex() for key in _keys(secrets)]


@lru_cache(4)
def _keys(secrets: tuple[str, ...]) -> list[bytes]:
    return [derived_key(secret.encode(), "idempotency fingerprints") for secret in secrets]
