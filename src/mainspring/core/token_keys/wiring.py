"""Token keys behind ports."""

from typing import TYPE_CHECKING

from ..security.cipher import Cipher
from ..security.tokens import AccessTokens
from .keeper import TokenKeyKeeper
from .store import PURPOSE, TokenKeyStore

if TYPE_CHECKING:
    from ..application import Application


def register_token_keys(application: "Application") -> None:
    """Register what keeps them; it is made at its first use."""
    application.ports.singleton(TokenKeyKeeper, lambda: _keeper(application))


async def stop_token_keys(application: "Application") -> None:
    """Look for new ones no more."""
    if keeper := application.ports.made(TokenKeyKeeper):
        await keeper.stop()


def _keeper(application: "Application") -> TokenKeyKeeper:
    settings = application.settings
    cipher = Cipher([secret.get_secret_value() for secret in settings.encryption_key], PURPOSE)
    store = TokenKeyStore(application.database, cipher, settings.jwt_algorithm)
    return TokenKeyKeeper(store, application.resolve(AccessTokens), settings)
