"""`OAUTH__...`: what the provider allows beside the clients that somebody made."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from mainspring.core.settings import Section

SHORTEST_TOKEN = 32  # characters


class Settings(Section):
    """The section of the provider."""

    registration: Literal["off", "token", "open"] = Field(
        default="off",
        description="Whether programs register themselves as clients (RFC 7591): off, token (those that have "
        "OAUTH__REGISTRATION_TOKEN), open (all).",
    )
    registration_token: SecretStr | None = Field(
        default=None, description="At least 32 characters: the initial access token for OAUTH__REGISTRATION=token."
    )
    registration_scopes: tuple[str, ...] = Field(
        default=("openid", "profile", "email", "offline_access"),
        description="The scopes that a client which registered itself may ask people for.",
    )

    @model_validator(mode="after")
    def _has_its_token(self) -> "Settings":
        if self.registration == "token" and len(self.initial_token or "") < SHORTEST_TOKEN:
            raise PydanticCustomError(
                "registration_token", "OAUTH__REGISTRATION=token needs an OAUTH__REGISTRATION_TOKEN of at least 32 characters"
            )
        return self

    @property
    def initial_token(self) -> str | None:
        """What a program shows that may register itself."""
        return None if self.registration_token is None else self.registration_token.get_secret_value()
