"""Permissions are declared once, in code, as `resource:action` (D-46)."""

import re

NAME = re.compile(r"^[a-z][a-z_]*:[a-z][a-z_]*$")
PERMISSIONS: dict[str, "Permission"] = {}


class Permission(str):
    """A permission with its plain description; writing one registers it. Raises ValueError for a bad or doubled name."""

    description: str

    def __new__(cls, name: str, description: str) -> "Permission":
        if not NAME.match(name):
            raise ValueError(f"permission {name!r} is not of the form resource:action")
        self = super().__new__(cls, name)
        self.description = description
        if PERMISSIONS.setdefault(name, self) is not self:
            raise ValueError(f"permission {name!r} is declared twice")
        return self
