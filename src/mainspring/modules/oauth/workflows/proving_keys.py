"""The key that a client wants its tokens bound to (RFC 9449 5)."""

from collections.abc import Mapping

from mainspring.core.application import Application
from mainspring.core.context import Context
from mainspring.core.errors import Unauthenticated
from mainspring.core.security.dpop import DpopProofs

from ..errors import InvalidDpopProof


async def key_of(application: Application, context: Context, headers: Mapping[str, str]) -> str | None:
    """The thumbprint of the key that the request proves; None when it proves none. Raises InvalidDpopProof."""
    proof = headers.get("dpop")
    if proof is None:
        return None
    try:
        return await application.resolve(DpopProofs).key_of(proof, "POST", context.path)
    except Unauthenticated:
        raise InvalidDpopProof() from None
