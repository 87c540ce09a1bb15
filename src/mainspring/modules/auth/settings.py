"""`AUTH__...`: how accounts come to be, and what is mailed about them."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The section of auth."""

    registration: Literal["open", "silent", "closed"] = Field(
        default="open",
        description="Who may register: open (a known address answers 409), silent (as if it were new; what is the matter is told "
        "by mail, and only proved addresses sign in), closed (nobody).",
    )
    verified_email_required: bool = Field(
        default=False, description="Whether people sign in only after they proved their address; always so with silent."
    )
    link_path: str = Field(
        default="/{purpose}#token={token}",
        pattern=r"^/[^/\\].*\{token\}.*$",
        description="Where links in mails lead, behind PUBLIC_URL: {purpose} is verify-email, reset-password, change-email or "
        "magic-link, {token} the secret. Behind # no server and no log sees it.",
    )

    deletion_grace: timedelta = Field(
        default=timedelta(days=30),
        ge=timedelta(0),
        description="How long an account that its owner deletes can still be kept by signing in; then it is erased. 0s: at once.",
    )

    impersonation_life: timedelta = Field(
        default=timedelta(minutes=30),
        ge=timedelta(minutes=15),
        le=timedelta(minutes=60),
        description="How long somebody with users:impersonate acts as another user at most; nothing renews such a session.",
    )
    impersonation_notice: bool = Field(
        default=True, description="Whether users are told that somebody acts in their account, in the app and by mail."
    )

    @property
    def asks_for_verified_email(self) -> bool:
        """Whether an address must be proved before a session begins."""
        return self.verified_email_required or self.registration == "silent"
