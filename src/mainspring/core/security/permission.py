"""Permissions are declared once, in code, as `resource:action` (D-46)."""

import re
import sys

from ..module import BootRefused

NAME = re.compile(r"^[a-z][a-z_-]*:[a-z][a-z_-]*$")
PERMISSIONS: dict[str, "Permission"] = {}


class Permission(str):
    """A permission with its plain description; writing one registers it.

    Raises ValueError for a bad name, and BootRefused for one that another file declares too.

    `roles` are the built-in roles that hold it from the first start that knows it; administrators may change that later.
    """

    description: str
    roles: tuple[str, ...]
    declared_in: str

    def __new__(cls, name: str, description: str, *, roles: tuple[str, ...] = ()) -> "Permission":
        if not NAME.match(name):
            raise ValueError(f"permission {name!r} is not of the form resource:action")
        self = super().__new__(cls, name)
        self.description, self.roles = description, roles
        self.declared_in = sys._getframe(1).f_globals.get("__name__", "")
        if (first := PERMISSIONS.setdefault(name, self)) is not self:
            raise BootRefused(f"The permission {name} is declared twice: in {first.declared_in} and in {self.declared_in}.")
        return self


OWN_READ = Permission("own:read", "See with an API key what is one's own", roles=("guest", "moderator", "user"))
OWN_WRITE = Permission("own:write", "Change with an API key what is one's own", roles=("moderator", "user"))
