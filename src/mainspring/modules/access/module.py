"""The declaration of access."""

from mainspring.core.module import Module
from mainspring.core.security.ports import PermissionSource
from mainspring.modules.users.ports import AccountGuard

MODULE = Module(
    "access",
    __package__,
    personal_data="service.holdings:personal_data",
    requires=("users",),
    provides={PermissionSource: "service.holdings:holdings", AccountGuard: "service.powers:protection"},
    on_start="service.catalogue:sync",
)
