"""Situations of credits."""

from typing import ClassVar
from uuid import UUID

from mainspring.core.errors import Conflict, Invalid, NotFound


class NotEnoughCredits(Conflict):
    """The account does not cover the amount."""

    code: ClassVar[str] = "credits.not_enough"
    message: ClassVar[str] = "There are not enough credits for this."


class TooManyCredits(Conflict):
    """The receiver's account would grow past what can be counted."""

    code: ClassVar[str] = "credits.too_many"
    message: ClassVar[str] = "The receiver cannot hold that many credits."


class OwnAccount(Invalid):
    """Sender and receiver are the same (D-37)."""

    def __init__(self) -> None:
        told = {"field": "toUserId", "message": "Credits cannot be sent to oneself", "code": "own_account"}
        super().__init__(details=[told])


class ReceiverNotFound(NotFound):
    """There is no such user, or he is disabled; a sender cannot tell which."""

    code: ClassVar[str] = "credits.receiver_not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"User {id} was not found")


class TransferNotFound(NotFound):
    """No such transfer, or the caller has no part in it."""

    code: ClassVar[str] = "credits.transfer_not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Transfer {id} was not found")
