"""Form bodies and queries, read once and strictly: a parameter that comes twice is refused (RFC 6749 3.1, 3.2)."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from .errors import InvalidClient, InvalidRequest

MOST_FIELDS = 50
LONGEST = 64_000  # bytes
LONGEST_VALUE = 4_000  # characters of a parameter, but of one that carries a whole request on
CARRIER = "request"
KNOWN = frozenset(
    (
        *("client_id", "client_secret", "response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "prompt"),
        *("code_challenge", "code_challenge_method", "login_hint", "max_age", "request_uri", "dpop_jkt"),
        *("grant_type", "code", "code_verifier", "refresh_token", "device_code", "token", "token_type_hint"),
        *("id_token_hint", "post_logout_redirect_uri", "user_code"),
        *("decision", "form_token", "csrf_token", "email", "password", "mfa_token", "errand", CARRIER),
    )
)
"""Every parameter that some endpoint reads. Others are ignored (RFC 6749 3.1), however often they come."""
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Credentials:
    """How a client says which one it is, and by what it proves it; a public one proves nothing."""

    client_id: str
    secret: str | None = field(repr=False)
    by_header: bool = False


def parameters_of(text: str) -> dict[str, str]:
    """The parameters of a query or a form; an empty one counts as left out. Raises InvalidRequest."""
    if len(text) > LONGEST:
        raise InvalidRequest("The request is too long.")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest("The request is no form.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in KNOWN:
            continue
        if name in found:
            raise InvalidRequest("A parameter comes twice.")
        if "\0" in value:
            raise InvalidRequest("A parameter holds the character NUL.")
        if len(value) > LONGEST_VALUE and name != CARRIER:
            raise InvalidRequest("A parameter is too long.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def form_of(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The parameters of a body. Raises InvalidRequest."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise InvalidRequest(f"Send the body as {FORM}.")
    try:
        return parameters_of(body.decode("ascii"))
    except UnicodeDecodeError:
        raise InvalidRequest("The request is no form.") from None


def credentials_of(headers: Mapping[str, str], form: Mapping[str, str]) -> Credentials:
    """Who asks: by HTTP Basic, or by parameters, never by both (RFC 6749 2.3). Raises InvalidRequest, InvalidClient."""
    header = headers.get("authorization")
    if header is None:
        if "client_id" not in form:
            raise InvalidClient("The request names no client.")
        return Credentials(form["client_id"], form.get("client_secret"))
    if "client_secret" in form:
        raise InvalidRequest("A client proves itself in one way only.")
    credentials = _basic(header)
    if form.get("client_id", credentials.client_id) != credentials.client_id:
        raise InvalidRequest("The request names two clients.")
    return credentials


def _basic(header: str) -> Credentials:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient()
    try:
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        raise InvalidClient() from None
    if not colon:
        raise InvalidClient()
    return Credentials(unquote_plus(client_id), unquote_plus(secret), by_header=True)
