"""The declaration of auth."""

from mainspring.core.module import Module
from mainspring.core.security.ports import SessionSource
from mainspring.modules.users.ports import AccountMaker, SessionEnder

from .ports import ClientTokens, OtherWaysIn, PlaceFinder, SessionFollower, SessionStore, SignInPage

MODULE = Module(
    "auth",
    __package__,
    requires=("users", "access", "notifications"),
    provides={
        SessionSource: "service.sources:live_sessions",
        SessionStore: "service.stores:session_store",
        SessionEnder: "service.sources:ends_sessions",
        PlaceFinder: "service.sources:nobody_knows",
        OtherWaysIn: "service.sources:no_others",
        AccountMaker: "workflows.registering:MakesAccounts",
        SessionFollower: "service.sources:nobody_follows",
        SignInPage: "workflows.serving_clients:SignsInOnPages",
        ClientTokens: "workflows.serving_clients:HandsTokensToClients",
    },
    personal_data="service.exports:personal_data",
    sealed="repository.sealed:columns",
    examination="service.examination:examine",
    on_start="workflows.starting:start",
    own=("device_words", "devices", "recovery", "sealing", "totp", "webauthn"),
)
