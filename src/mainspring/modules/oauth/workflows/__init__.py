"""Deeds of several units: letting clients in, handing out tokens, taking them back."""

from .authorizing import AskConsent, AskSignIn, Authorizing, SendBack
from .exchanging import Exchanging
from .looking import Looking
from .signing_in import SigningIn

__all__ = ["AskConsent", "AskSignIn", "Authorizing", "Exchanging", "Looking", "SendBack", "SigningIn"]
