"""The client, as its callers see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .rules import OutgoingRules

LONGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """Status, headers by their names in lower case, and a body of at most the size that was allowed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Outgoing(Protocol):
    """A client for other servers. No redirect is followed: an answer that redirects is an answer like others."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
        longest: int = LONGEST_BODY,
    ) -> OutgoingAnswer:
        """Send one request and read the whole answer within `deadline` seconds, by default OUTGOING__DEADLINE.

        Raises AddressRefused and NotReached when nothing was sent; OutgoingTimeout, Broken, AnswerTooLarge and AnswerUnreadable
        when something may have been done.
        """
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class MakeOutgoing(Protocol):
    """What the adapter offers."""

    def __call__(self, rules: OutgoingRules) -> Outgoing:
        """A client that keeps to the rules."""
        ...
