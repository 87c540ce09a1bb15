"""Names that other guides use for our settings, and connections given in parts (R-325, R-326)."""

from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote, urlsplit

from .gathering import Given

ALIASES = {
    "NODE_ENV": "APP_ENV",
    "CORS_ORIGIN": "ALLOWED_ORIGINS",
    "JWT_EXPIRES_IN": "ACCESS_TOKEN_TTL",
    "DB_USERNAME": "DB_USER",
}
WITHOUT_USE = {
    "JWT_SECRET": "access tokens are signed with RS256 keys",
    "JWT_ACCESS_SECRET": "access tokens are signed with RS256 keys",
    "REFRESH_TOKEN_SECRET": "refresh tokens are opaque and need no secret",
}
DATABASE_PARTS = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD")
REDIS_PARTS = ("REDIS_HOST", "REDIS_PORT")
NEEDED = frozenset(("DB_HOST", "DB_NAME", "REDIS_HOST"))
DEFAULT_PORTS = {"postgresql": 5432, "redis": 6379}
KNOWN = frozenset((*ALIASES, *WITHOUT_USE, *DATABASE_PARTS, *REDIS_PARTS))


def rename(given: dict[str, Given], problems: list[str]) -> None:
    """Move every alias to its own name; a problem when both are given and differ."""
    for alias, name in ALIASES.items():
        value = given.pop(alias, None)
        if value is None:
            continue
        if name in given and given[name].text != value.text:
            problems.append(f"{name} and {alias} are both set and differ. Keep {name}.")
        given.setdefault(name, value)


def warnings(given: dict[str, Given]) -> list[str]:
    """One sentence for names that have no use here."""
    found = [name for name in WITHOUT_USE if name in given]
    if not found:
        return []
    reasons = " and ".join(dict.fromkeys(WITHOUT_USE[name] for name in found))
    return [f"{', '.join(found)} {'has' if len(found) == 1 else 'have'} no effect: {reasons}."]


def join_parts(given: dict[str, Given], problems: list[str]) -> None:
    """Build DATABASE_URL and REDIS_URL from their parts; a problem when both forms are given and differ."""
    for name in ("DB_PORT", "REDIS_PORT"):
        if name in given and given[name].text.startswith("tcp://"):
            del given[name]  # Kubernetes puts the address of a service named db or redis there
    _join(given, problems, "DATABASE_URL", "DB", DATABASE_PARTS, _database_url)
    _join(given, problems, "REDIS_URL", "REDIS", REDIS_PARTS, _redis_url)


def _join(
    given: dict[str, Given],
    problems: list[str],
    name: str,
    prefix: str,
    parts: Sequence[str],
    build: Callable[[dict[str, str]], str],
) -> None:
    texts = {part: given[part].text for part in parts if part in given}
    if not texts:
        return
    missing = [part for part in parts if part in NEEDED and part not in texts]
    if missing and name not in given:
        problems.append(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing beside {', '.join(texts)}.")
        return
    port = texts.get(f"{prefix}_PORT", "1")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        problems.append(f"{prefix}_PORT must be a port number.")
        return
    url = build(texts) if not missing else ""
    if name not in given:
        given[name] = Given(url, ", ".join(texts), name)
    elif not _same(given[name].text, url):
        problems.append(f"{name} and {', '.join(texts)} are both set and differ. Keep one form.")


def _database_url(parts: dict[str, str]) -> str:
    user = quote(parts.get("DB_USER", ""), safe="")
    password = f":{quote(parts['DB_PASSWORD'], safe='')}" if "DB_PASSWORD" in parts else ""
    at = "@" if user or password else ""
    return f"postgresql://{user}{password}{at}{_host(parts['DB_HOST'])}:{parts.get('DB_PORT', '5432')}/{quote(parts['DB_NAME'])}"


def _redis_url(parts: dict[str, str]) -> str:
    return f"redis://{_host(parts['REDIS_HOST'])}:{parts.get('REDIS_PORT', '6379')}"


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _same(url: str, built: str) -> bool:
    """Whether the parts say the same as the URL: an absent default port or database number is no difference."""
    if not built:
        return False
    first, second = urlsplit(url), urlsplit(built)
    return (
        first.hostname == second.hostname
        and (first.port or DEFAULT_PORTS.get(second.scheme)) == (second.port or DEFAULT_PORTS.get(second.scheme))
        and (second.username is None or unquote(first.username or "") == unquote(second.username or ""))
        and (second.password is None or unquote(first.password or "") == unquote(second.password or ""))
        and (second.path in ("", "/") or first.path == second.path)
        and first.scheme[:5] == second.scheme[:5]
    )
