"""The situations of access."""

from collections.abc import Sequence

from mainspring.core.errors import Conflict, Forbidden, Invalid, NotFound


class RoleNotFound(NotFound):
    """No role has this name."""

    code = "access.role_not_found"

    def __init__(self, name: str) -> None:
        super().__init__("Role not found", details=[{"field": "role", "message": "Role not found", "code": "unknown"}])


class PermissionNotFound(NotFound):
    """No installed module declares this permission (R-109). `near` are those that look like it."""

    code, message = "access.permission_not_found", "Permission not found"

    def __init__(self, near: Sequence[str] = ()) -> None:
        super().__init__(details={"near": list(near)} if near else None)


class UnknownThing(Invalid):
    """No installed module tells whose such a thing is."""

    code = "VALIDATION_ERROR"

    def __init__(self, kinds: Sequence[str]) -> None:
        message = f"A resource is one of {', '.join(kinds)}, a colon, and its id"
        super().__init__(details=[{"field": "resource", "message": message, "code": "unknown"}])


class GrantNotFound(NotFound):
    """The user has no such grant."""

    code, message = "access.grant_not_found", "Grant not found"


class RoleNotHeld(NotFound):
    """The user does not hold this role."""

    code, message = "access.role_not_held", "The user does not hold this role"


class RoleTaken(Conflict):
    """Another role has this name."""

    code, message = "access.role_taken", "Role already exists"


class BuiltInRole(Conflict):
    """The built-in roles stay, and admin holds everything."""

    code, message = "access.built_in_role", "Built-in roles cannot be deleted, and admin always holds every permission."


class LastAdministrator(Conflict):
    """Somebody has to be left who can let others in."""

    code, message = "access.last_administrator", "The last administrator cannot be removed or disabled."


class OwnAccess(Forbidden):
    """Nobody changes what he himself may do (R-334)."""

    code, message = "access.own_access", "You cannot change your own roles or grants."


class BeyondOwnAccess(Forbidden):
    """One can only give or take what one holds."""

    code = "access.beyond_own"

    def __init__(self, missing: list[str]) -> None:
        super().__init__("You can only give or take what you hold yourself.", details={"missing": missing})


class AdministratorProtected(Forbidden):
    """Only administrators change administrators."""

    code, message = "access.administrator_protected", "Only an administrator may change an administrator."
