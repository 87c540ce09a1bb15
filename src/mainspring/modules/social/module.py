"""The declaration of social."""

from mainspring.core.module import Module
from mainspring.core.security.ports import OutsideTokens
from mainspring.modules.auth.ports import OtherWaysIn

from .ports import Providers

MODULE = Module(
    "social",
    __package__,
    requires=("users", "access", "auth", "notifications"),
    provides={
        Providers: "service.directory:providers",
        OtherWaysIn: "service.links:linked_ways_in",
        OutsideTokens: "service.outside:outside_tokens",
    },
    personal_data="service.links:personal_data",
    examination="service.examination:examine",
    sealed="repository:sealed_columns",
    own=("browser_cookies", "next_paths", "oidc", "secrecy"),
)
