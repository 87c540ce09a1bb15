"""`ORGANIZATIONS__...`: invitations."""

from datetime import timedelta

from pydantic import Field

from mainspring.core.settings import Section


class Settings(Section):
    """The section of organizations."""

    invitation_life: timedelta = Field(
        default=timedelta(days=7), ge=timedelta(minutes=5), le=timedelta(days=90), description="How long an invitation is good."
    )
    invitations_per_day: int = Field(
        default=100, ge=1, description="Most invitations of one organization within a day, and of one person."
    )
    link_path: str = Field(
        default="/invitations#token={token}",
        pattern=r"^/[^/\\].*\{token\}.*$",
        description="Where the link of an invitation leads, behind PUBLIC_URL. Behind # no server and no log sees the token.",
    )
