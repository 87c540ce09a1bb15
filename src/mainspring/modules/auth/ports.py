"""What auth takes from outside when there is somebody who knows."""

from typing import Protocol


class PlaceFinder(Protocol):
    """Tells where a network address is, for the owner of an account who looks at his sessions.

    By default nobody knows. A module that requires auth provides one: `provides={PlaceFinder: "places:finder"}`. It is asked at
    each sign-in while a transaction is open, so it looks into memory and asks no server.
    """

    def place_of(self, address: str) -> str | None:
        """A place in words, such as `Berlin, Germany`; None when it is not known."""
        ...
