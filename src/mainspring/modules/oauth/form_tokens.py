"""What proves that a form of ours was sent from a page that we showed to the same browser, also before anybody signed in."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from mainspring.core.security.signing import Signer

from .proofs import new_code

BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")


class FormTokens:
    """HMAC of what the browser keeps in a cookie of its own. A purpose of its own, so no session's token is one."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._signer = Signer(secrets, "oauth-forms")

    def of(self, browser: str) -> str:
        """The token for the forms of a browser."""
        return urlsafe_b64encode(self._signer.mac(browser.encode())).rstrip(b"=").decode()

    def is_of(self, token: str, browser: str) -> bool:
        """Whether this is the token of the browser."""
        try:
            mac = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            return False
        return self._signer.is_mac(mac, browser.encode())


def new_browser() -> str:
    """What a browser keeps from its first page on."""
    return new_code()


def is_browser(text: str) -> bool:
    """Whether we may have made this."""
    return BROWSER.fullmatch(text) is not None
