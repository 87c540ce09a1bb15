"""What can go wrong with a request to another server. No text of the other side, and no query, stands in any of them."""

from ..errors import Invalid, Unavailable
from ..resilience import NotDone


class AddressRefused(Invalid):
    """The address is not written as we accept it, or leads to a place that is not for us. Nothing was sent."""

    code, message = "outgoing.address_refused", "This address may not be used."

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason  # for the log alone: it may tell where our own network lies


class NotReached(NotDone):
    """There was no connection: unknown name, refused, no certificate that fits. Nothing was sent."""

    code, message = "outgoing.not_reached", "The other server cannot be reached."


class OutgoingTimeout(Unavailable):
    """The answer was not there in time. The other side may have done what was asked."""

    code, message = "outgoing.timeout", "The other server did not answer in time."


class Broken(Unavailable):
    """The connection broke off. The other side may have done what was asked."""

    code, message = "outgoing.broken", "The connection to the other server broke."


class AnswerTooLarge(Unavailable):
    """The head or the body of the answer is longer than allowed, counted after it was unpacked."""

    code, message = "outgoing.answer_too_large", "The other server answered too much."


class AnswerUnreadable(Unavailable):
    """The answer is packed in a way that was not asked for, or broken."""

    code, message = "outgoing.answer_unreadable", "The other server answered nothing that can be read."
