"""`SOCIAL__...`: with which outside accounts people sign in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import Field, SecretStr, ValidationError, field_validator

from mainspring.core.settings import Section

Kind = Literal["google", "github", "microsoft", "apple", "auth0", "keycloak", "firebase", "oidc"]
NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
KINDS = frozenset(("google", "github", "microsoft", "apple", "auth0", "keycloak", "firebase"))
LABELS = {"google": "Google", "github": "GitHub", "microsoft": "Microsoft", "apple": "Apple", "auth0": "Auth0"}
NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "google": ("client_id", "client_secret"),
        "github": ("client_id", "client_secret"),
        "microsoft": ("client_id", "client_secret"),
        "apple": ("client_id", "team_id", "key_id", "private_key"),
        "auth0": ("client_id", "client_secret", "issuer"),
        "keycloak": ("client_id", "issuer"),
        "oidc": ("client_id", "issuer"),
    }
)


class ProviderSettings(Section):
    """One provider. Which fields it needs depends on its kind."""

    kind: Kind
    label: str = Field(default="", max_length=60)
    client_id: str = Field(default="", max_length=500)
    client_secret: SecretStr | None = None
    issuer: str = Field(default="", max_length=500)
    tenant: str = Field(default="common", pattern=r"^(common|organizations|consumers|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$")
    team_id: str = Field(default="", max_length=50)
    key_id: str = Field(default="", max_length=50)
    private_key: SecretStr | None = None
    scopes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    redirect_uri: str = ""
    api_url: str = "https://api.github.com"
    max_age: int | None = Field(default=None, ge=0, le=86_400)
    acr_values: tuple[str, ...] = ()

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """What was set, and no secret."""
        return ((name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set)


class TrustedIssuer(Section):
    """Somebody else's issuer, whose access tokens are taken for linked users (R-098)."""

    issuer: str = Field(min_length=1, max_length=500)
    audience: str = Field(min_length=1, max_length=500)
    hosts: tuple[str, ...] = ()
    longest_life: int = Field(default=3_600, ge=60, le=86_400)


class Settings(Section):
    """The section of social."""

    providers: Mapping[str, ProviderSettings] = Field(
        default={},
        description='Providers by name, as JSON: {"google": {"client_id": "...", "client_secret": "..."}}. Names are part of '
        "addresses. The guide on social login lists the fields of each.",
    )
    pages_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#]+)?$",
        description="Origin of the pages that people come back to, when it is another than PUBLIC_URL; one of ALLOWED_ORIGINS.",
    )
    default_next: str = Field(default="/", description="Path of the page to come back to when none was named.")
    attempt_life: timedelta = Field(
        default=timedelta(minutes=10),
        ge=timedelta(minutes=1),
        le=timedelta(minutes=10),
        description="How long somebody may take to sign in at a provider.",
    )
    timeout: timedelta = Field(
        default=timedelta(seconds=5),
        ge=timedelta(seconds=1),
        le=timedelta(seconds=20),
        description="Longest wait for one answer of a provider.",
    )
    keep_tokens: bool = Field(
        default=False, description="Whether the tokens of providers are kept, sealed, for modules that call the provider's API."
    )
    trusted_issuers: Sequence[TrustedIssuer] = Field(
        default=(),
        description='Outside issuers whose bearer tokens are accepted for linked users, as JSON: [{"issuer": "...", "audience": '
        '"..."}]. None by default.',
    )

    @field_validator("providers", mode="before")
    @classmethod
    def _read_providers(cls, given: Any) -> Any:  # Any: whatever stands in the environment
        if not isinstance(given, str):
            return given
        found = _json(given)
        if not isinstance(found, dict):
            raise ValueError('must be a JSON object such as {"google": {"client_id": "...", "client_secret": "..."}}')
        return {name: _provider(name, fields) for name, fields in found.items()}

    @field_validator("trusted_issuers", mode="before")
    @classmethod
    def _read_issuers(cls, given: Any) -> Any:  # Any: see above
        if not isinstance(given, str):
            return given
        found = _json(given)
        if not isinstance(found, list):
            raise ValueError('must be a JSON list such as [{"issuer": "https://id.example.com", "audience": "api"}]')
        return tuple(_fitting(TrustedIssuer, fields, f"number {number}") for number, fields in enumerate(found, 1))


def _json(text: str) -> Any:  # Any: any JSON
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ValueError("is no JSON") from None


def _provider(name: str, fields: Any) -> ProviderSettings:  # Any: any JSON
    if not NAME.fullmatch(name):
        raise ValueError("names a provider with other characters than a-z, 0-9 and -")
    kind = name if name in KINDS else "oidc"
    found: ProviderSettings = _fitting(ProviderSettings, {"kind": kind, **fields} if isinstance(fields, dict) else fields, name)
    if found.kind == "firebase":
        raise ValueError(f"names {name}, but Firebase is no provider to sign in at: name it in SOCIAL__TRUSTED_ISSUERS")
    missing = [field for field in NEEDED[found.kind] if not getattr(found, field)]
    if missing:
        raise ValueError(f"names {name} without {' and '.join(missing)}")
    if found.kind == "github" and (found.max_age is not None or found.acr_values):
        raise ValueError(f"asks {name} for max_age or acr_values, which GitHub does not know")
    if found.issuer and not _is_address(found.issuer):
        raise ValueError(f"names {name} with an issuer that is no https:// address")
    return found.model_copy(update={"label": found.label or LABELS.get(name, name.replace("-", " ").title())})


def _fitting(kind: Any, fields: Any, name: str) -> Any:  # Any: one of the two classes above, and any JSON
    if not isinstance(fields, dict):
        raise ValueError(f"must describe {name} by an object")
    try:
        return kind.model_validate(fields)
    except ValidationError as wrong:
        places = " and ".join(sorted({".".join(map(str, error["loc"])) for error in wrong.errors(include_input=False)}))
        raise ValueError(f"describes {name} with a {places} that is not accepted") from None


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("https", "http") and bool(parts.netloc) and not (parts.query or parts.fragment or parts.username)
