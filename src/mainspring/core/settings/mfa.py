"""`MFA__...`: second factors, and how long a sign-in counts as recent."""

from collections.abc import Iterable
from datetime import timedelta

from pydantic import Field

from .section import Section


class MfaSettings(Section):
    """`MFA__...`: second factors (R-091, R-092, D-39)."""

    issuer: str = Field(
        default="", max_length=60, pattern=r"^[^:]*$", description="Name shown in authenticator apps; by default SERVICE_NAME."
    )
    rp_id: str = Field(
        default="",
        max_length=253,
        pattern=r"^[a-z0-9.-]*$",
        description="Domain that passkeys belong to, the host of PUBLIC_URL or one above it; by default that host.",
    )
    window: int = Field(default=1, ge=0, le=2, description="Steps of 30 s that an authenticator's clock may be ahead or behind.")
    guesses_per_hour: int = Field(
        default=20,
        ge=5,
        le=1000,
        description="Most tries at an authenticator's code of one account in any hour, whatever the way.",
    )
    step_up_life: timedelta = Field(
        default=timedelta(minutes=15),
        ge=timedelta(minutes=1),
        le=timedelta(hours=12),
        description="How long after proving who one is delicate changes are let through.",
    )
    required_roles: tuple[str, ...] = Field(
        default=(),
        description="Roles, with commas between, whose holders need a second factor: until they have proved one they can set one "
        "up and nothing else. admin is a good choice.",
    )

    def owes_factor(self, roles: Iterable[str], has_two_factors: bool) -> bool:
        """Whether somebody with these roles has to prove a second factor, and did not."""
        return not has_two_factors and not frozenset(self.required_roles).isdisjoint(roles)
