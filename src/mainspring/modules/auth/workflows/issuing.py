"""The answer of a sign-in or refresh: who it is, and an access token signed outside of any unit."""

from mainspring.core.application import Application
from mainspring.core.security.tokens import AccessTokens

from ..rows import Entered, MfaRequired, SignedInAs


def issue(application: Application, entered: Entered) -> SignedInAs:
    """Sign an access token; about 0.8 ms of processor time."""
    profile, tokens = entered.profile, entered.tokens
    access = application.resolve(AccessTokens).issue(
        tokens.user_id,
        tokens.session_id,
        roles=profile.roles,
        permissions=profile.permissions,
        email=profile.user.email,
    )
    return SignedInAs(profile, tokens, access, entered.device)


def issue_if_entered(application: Application, outcome: Entered | MfaRequired) -> SignedInAs | MfaRequired:
    """Sign an access token for whoever the gate let in; whoever still owes the second factor gets none."""
    return outcome if isinstance(outcome, MfaRequired) else issue(application, outcome)
