"""The declaration of access."""

from mainspring.core.module import Module
from mainspring.core.security.ports import PermissionSource
from mainspring.modules.users.ports import AccountGuard

MODULE = Module(
    "access",
    __package__,
    requires=("users",),
    provides={PermissionSource: "service.holdings:holdings", AccountGuard: "service.powers:protection"},
    on_start="service.catalogue:sync",
)
