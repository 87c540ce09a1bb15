"""The declaration of the provider."""

from mainspring.core.module import Module

MODULE = Module(
    "oauth",
    __package__,
    requires=("users", "access", "auth"),
    own=("forms", "id_tokens", "proofs", "redirects", "scopes"),
)
