"""The declaration of the provider."""

from mainspring.core.module import Module
from mainspring.modules.auth.ports import SessionFollower

from .ports import LogoutSender

MODULE = Module(
    "oauth",
    __package__,
    requires=("users", "access", "auth"),
    provides={
        SessionFollower: "service.signing_out:tells_clients",
        LogoutSender: "service.logout_sending:logout_sender",
    },
    personal_data="service.consents:personal_data",
    own=("form_tokens", "forms", "id_tokens", "proofs", "redirects", "scopes"),
)
