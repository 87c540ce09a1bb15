"""Deeds of several units: letting clients and devices in, handing out tokens, taking them back, signing out."""

from .authorizing import AskConsent, AskSignIn, Authorizing, SendBack
from .exchanging import Exchanging
from .leaving import Departure, Leaving
from .looking import Looking
from .pushing import Pushing
from .registering import Registering
from .signing_in import SigningIn
from .verifying import AskDevice, Verifying
from .visiting import Browser

__all__ = [
    "AskConsent",
    "AskDevice",
    "AskSignIn",
    "Authorizing",
    "Browser",
    "Departure",
    "Exchanging",
    "Leaving",
    "Looking",
    "Pushing",
    "Registering",
    "SendBack",
    "SigningIn",
    "Verifying",
]
