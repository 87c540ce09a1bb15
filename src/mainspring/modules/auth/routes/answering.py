"""What a sign-in answers, whichever way it came."""

from mainspring.core.http import Reply

from ..rows import MfaRequired, SignedInAs
from ..schemas import BearerOut, MfaRequiredOut


def answered(answer: Reply, outcome: SignedInAs | MfaRequired) -> BearerOut | MfaRequiredOut:
    """The session, or the question for the second factor."""
    if isinstance(outcome, MfaRequired):
        answer.header("Cache-Control", "no-store")
        return MfaRequiredOut.of(outcome)
    return entered(answer, outcome)


def entered(answer: Reply, signed_in: SignedInAs) -> BearerOut:
    """The session."""
    answer.header("Cache-Control", "no-store")
    return BearerOut.of(signed_in)
