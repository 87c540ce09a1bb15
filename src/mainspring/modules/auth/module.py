"""The declaration of auth."""

from mainspring.core.module import Module
from mainspring.core.security.ports import SessionSource
from mainspring.modules.users.ports import AccountMaker, SessionEnder

from .ports import PlaceFinder

MODULE = Module(
    "auth",
    __package__,
    requires=("users", "access", "notifications"),
    provides={
        SessionSource: "service.sources:live_sessions",
        SessionEnder: "service.sources:ends_sessions",
        PlaceFinder: "service.sources:nobody_knows",
        AccountMaker: "workflows.registering:MakesAccounts",
    },
    personal_data="service.exports:personal_data",
    on_start="workflows.erasing:start",
    own=("device_words", "devices", "recovery", "sealing", "totp", "webauthn"),
)
