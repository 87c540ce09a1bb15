"""FastAPI dependencies under the names the field knows (R-327): thin over guards, `Principal` and the unit of work.

`user: Annotated[Principal, Depends(get_current_user)]`, `Depends(require_role("admin"))`,
`Depends(require_permission("posts:publish", "posts:edit"))`, `uow: Annotated[UnitOfWork, Depends(get_db)]`.
"""

from mainspring.core.http.dependencies import unit_of_method as get_db
from mainspring.core.security.guard import HoldsPermission, HoldsRole, SignedIn

__all__ = ["get_current_user", "get_db", "require_permission", "require_role"]

get_current_user = SignedIn()
"""The signed-in caller; 401 for the anonymous."""


def require_role(*roles: str) -> HoldsRole:
    """The caller, who has at least one of the roles; 403 naming them for others."""
    return HoldsRole(roles)


def require_permission(*permissions: str) -> HoldsPermission:
    """The caller, who holds at least one of the permissions; 403 naming them for others."""
    return HoldsPermission(permissions)
