"""`AUDIT__...`: how the audit trail is signed, and how long it is kept."""

from datetime import timedelta

from pydantic import Field

from .section import Section


class AuditSettings(Section):
    """Checkpoints and retention of the trail (ARCHITECTURE 10 m)."""

    sign_every: timedelta = Field(
        default=timedelta(minutes=1),
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="How long new rows of the trail wait for a signed checkpoint, at most.",
    )
    sign_rows: int = Field(default=1000, ge=1, description="After how many new rows a checkpoint is signed at once.")
    public_keys: str = Field(
        default="", description="PEM of keys that signed checkpoints and no longer sign tokens; several one behind the other."
    )
    retention: timedelta | None = Field(
        default=None, ge=timedelta(days=1), description="How long rows of the trail are kept; by default for ever."
    )
