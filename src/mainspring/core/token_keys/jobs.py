"""Token keys change by themselves."""

from datetime import timedelta

from .. import clock
from ..application import Application
from ..jobs.declaring import every, job
from .keeper import TokenKeyKeeper
from .plan import AHEAD, Plan


@job(queue="upkeep")
@every(timedelta(minutes=10))
async def change_token_keys(application: Application) -> None:
    """Make the next token key before JWT_KEY_LIFETIME has passed, and destroy what nobody signs with any more."""
    if application.settings.jwt_private_key is not None:
        return
    store = application.resolve(TokenKeyKeeper).store
    lifetime, signing = application.settings.jwt_key_lifetime, Plan(await store.keys(), clock.now()).signing
    if lifetime is not None and signing is not None and clock.now() >= signing.signs_from + lifetime - AHEAD:
        await store.rotate(seen=signing.generation)
    await store.tidy()
