"""What `mainspring doctor` tells of API keys: those that ended while a program used them."""

from datetime import timedelta

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.doctor import Finding

from ..repository import KeyRepository

LATELY = timedelta(days=14)
IN_USE = timedelta(days=21)


async def examine(application: Application) -> list[Finding]:
    """Keys that ended in the last two weeks and were used in the week before: somebody's program is refused now."""
    now = clock.now()
    async with application.reading() as uow:
        ended = await KeyRepository(uow).used_to_the_end(now, ended_after=now - LATELY, used_after=now - IN_USE)
    if not ended:
        return []
    cure = "Let their owners make new ones, and revoke these; mainspring api-keys shows them."
    return [Finding(f"{ended} API keys in use have ended, so programs are refused.", cure)]
