"""How often a door may be tried from one network, whatever comes of it: for doors that always answer alike (D-11, R-163).

A limit on what is found behind such a door would tell what is there; this one counts the knocking.
"""

from ..settings.quota import Quota
from .limiter import Limiter, Policy
from .networks import network_of


class TryLimit:
    """Counts tries in a moving window, for all processes and machines together."""

    def __init__(self, limiter: Limiter, quota: Quota) -> None:
        self.limiter, self.quota = limiter, quota

    async def count(self, door: str, address: str | None) -> None:
        """Note a try. Raises TooManyRequests, and notes nothing, when there were too many from the network."""
        await self.limiter.count(Policy(door, self.quota), network_of(address))
