"""The declaration of auth."""

from mainspring.core.module import Module
from mainspring.core.security.ports import SessionSource
from mainspring.modules.users.ports import AccountMaker, SessionEnder

from .ports import ClientTokens, SignInPage

MODULE = Module(
    "auth",
    __package__,
    requires=("users", "access", "notifications"),
    provides={
        SessionSource: "service.sources:live_sessions",
        SessionEnder: "service.sources:ends_sessions",
        AccountMaker: "workflows.registering:MakesAccounts",
        SignInPage: "workflows.serving_clients:SignsInOnPages",
        ClientTokens: "workflows.serving_clients:HandsTokensToClients",
    },
    on_start="workflows.erasing:start",
    own=("recovery", "sealing", "totp"),
)
