"""HTTP to other servers that cannot be led inside (ASVS 1.3.6, R-343): whatever fetches does it through here (decision 190).

`outgoing(application)` gives a client. It resolves a name once, checks what came, and connects to what it checked.
"""

from .errors import AddressRefused, AnswerTooLarge, AnswerUnreadable, Broken, NotReached, OutgoingTimeout
from .ports import Outgoing, OutgoingAnswer
from .rules import OutgoingRules
from .wiring import outgoing

__all__ = [
    "AddressRefused",
    "AnswerTooLarge",
    "AnswerUnreadable",
    "Broken",
    "NotReached",
    "Outgoing",
    "OutgoingAnswer",
    "OutgoingRules",
    "OutgoingTimeout",
    "outgoing",
]
