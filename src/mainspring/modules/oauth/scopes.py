"""What a client may be granted: OpenID's scopes, and every permission of the installed modules."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mainspring.core.security.permission import PERMISSIONS

from .errors import InvalidScope, ScopeUnknown

OPENID, PROFILE, EMAIL, OFFLINE = "openid", "profile", "email", "offline_access"
LONGEST = 4000  # characters of the parameter

# In the words of the consent page.
STANDARD: Mapping[str, str] = MappingProxyType(
    {
        OPENID: "Know which account is yours",
        PROFILE: "See your name and your picture",
        EMAIL: "See your e-mail address",
        OFFLINE: "Go on while you are away",
    }
)
# Permissions whose own words are meant for whoever makes keys.
PLAINER: Mapping[str, str] = MappingProxyType(
    {"own:read": "See what is yours here", "own:write": "Change and delete what is yours here"}
)


def known(names: Iterable[str]) -> tuple[str, ...]:
    """The scopes in order, each once. Raises ScopeUnknown."""
    found = tuple(sorted(set(names)))
    for name in found:
        if name not in STANDARD and name not in PERMISSIONS:
            raise ScopeUnknown(name)
    return found


def asked(text: str | None, allowed: Sequence[str]) -> tuple[str, ...]:
    """The scopes of a request's `scope`; none when it has none. Raises InvalidScope for one that the client may not ask for."""
    if text is None:
        return ()
    names = set(text.split(" ")) - {""} if len(text) <= LONGEST else {text}
    if not names <= set(allowed):
        raise InvalidScope()
    return tuple(sorted(names))


def permissions_in(scopes: Iterable[str]) -> tuple[str, ...]:
    """Those of the scopes that are permissions."""
    return tuple(scope for scope in scopes if scope not in STANDARD)


def described(scope: str) -> str:
    """A scope in plain words; that of a module which is gone says its name."""
    permission = PERMISSIONS.get(scope)
    return STANDARD.get(scope) or PLAINER.get(scope) or (permission.description if permission else scope)
