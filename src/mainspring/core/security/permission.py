"""Permissions are declared once, in code, as `resource:action` (D-46)."""

import re

NAME = re.compile(r"^[a-z][a-z_]*:[a-z][a-z_]*$")
PERMISSIONS: dict[str, "Permission"] = {}


class Permission(str):
    """A permission with its plain description; writing one registers it. Raises ValueError for a bad or doubled name.

    `roles` are the built-in roles that hold it from the first start that knows it; administrators may change that later.
    """

    description: str
    roles: tuple[str, ...]

    def __new__(cls, name: str, description: str, *, roles: tuple[str, ...] = ()) -> "Permission":
        if not NAME.match(name):
            raise ValueError(f"permission {name!r} is not of the form resource:action")
        self = super().__new__(cls, name)
        self.description, self.roles = description, roles
        if PERMISSIONS.setdefault(name, self) is not self:
            raise ValueError(f"permission {name!r} is declared twice")
        return self
