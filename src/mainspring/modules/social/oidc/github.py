"""GitHub: OAuth 2.0 without OpenID Connect. Who it is and which address is proved tell two calls of its API."""

from typing import Any
from urllib.parse import urlencode

from mainspring.core.observability import get_logger

from ..errors import LogoutTokenInvalid, SignInRefused
from ..rows import Answer, Asked, Identity, LoggedOut
from ..secrecy import challenge_of
from .asking import Asking
from .provider import Client, address_of, kept, name_of, picture_of, token_of, word_of

log = get_logger(__name__)


class GithubProvider:
    """`Provider` for GitHub and GitHub Enterprise. The subject is the number of the account, for logins change hands."""

    posts_back = False

    def __init__(self, client: Client, asking: Asking, web_url: str, api_url: str) -> None:
        self.client, self.asking = client, asking
        self.name, self.label, self.issuer = client.name, client.label, web_url
        self.api_url = api_url.rstrip("/")

    async def address(self, asked: Asked) -> str:
        """The authorization page with the question."""
        question = {
            "client_id": self.client.client_id,
            "redirect_uri": asked.redirect_uri,
            "scope": " ".join(self.client.scopes),
            "state": asked.state,
            "code_challenge": challenge_of(asked.verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.issuer}/login/oauth/authorize?{urlencode(question)}"

    async def logged_out(self, token: str | None) -> LoggedOut:
        """GitHub tells nobody."""
        raise LogoutTokenInvalid()

    async def identity(self, answer: Answer) -> Identity:
        """Trade the code for a token, and ask with it whose it is."""
        if answer.issuer not in (None, self.issuer):
            raise self._refused("the answer is of another issuer")
        proof, headers = self.client.proof(False)
        form = {"code": answer.code, "redirect_uri": answer.redirect_uri, "code_verifier": answer.verifier, **proof}
        status, tokens = await self.asking.post(f"{self.issuer}/login/oauth/access_token", form, headers)
        if status != 200 or "error" in tokens:  # GitHub answers 200 to a wrong code
            raise self._refused(f"the token endpoint answered {status} {word_of(tokens.get('error'))}")
        token = token_of(tokens)
        user = await self.asking.get(f"{self.api_url}/user", token)
        number = user.get("id") if isinstance(user, dict) else None
        if type(number) is not int:
            raise self._refused("the account has no number")
        email = _primary(await self.asking.get(f"{self.api_url}/user/emails", token))
        return Identity(
            provider=self.name,
            label=self.label,
            issuer=self.issuer,
            subject=str(number),
            email=email,
            email_verified=email is not None,
            name=name_of(user),
            picture=picture_of(user, "avatar_url"),
            tokens=kept(tokens) if self.client.keep_tokens else None,
        )

    def _refused(self, reason: str) -> SignInRefused:
        log.warn("social_answer_refused", provider=self.name, reason=reason)
        return SignInRefused()


def _primary(said: Any) -> str | None:  # Any: any JSON
    """The primary address, if it is proved; GitHub shows no other to those who write to the person."""
    if not isinstance(said, list):
        return None
    proved = [one for one in said if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True]
    return address_of(proved[0].get("email")) if proved else None
