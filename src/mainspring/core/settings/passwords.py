"""`PASSWORD__...`: rules for new passwords, and what hashing them costs."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from .section import Section


class PasswordSettings(Section):
    """`PASSWORD__...`: rules for new passwords and the cost of hashing them (R-049, R-054, D-13)."""

    min_length: int = Field(default=8, ge=8, le=128, description="Fewest characters of a new password.")
    max_length: int = Field(
        default=128, ge=64, le=4096, description="Most characters of a password; longer ones are refused, never cut."
    )
    classes: tuple[Literal["lower", "upper", "digit", "special"], ...] = Field(
        default=(), description="Kinds of characters every new password must hold: lower,upper,digit,special. None by default."
    )
    refused_words: tuple[str, ...] = Field(
        default=(), description="Words that no password may be made of, beside SERVICE_NAME and those about the user."
    )
    breach_file: Path | None = Field(
        default=None,
        description="File of SHA-1 hashes of breached passwords, sorted, as Pwned Passwords ordered by hash; they are refused.",
    )
    preset: Literal["standard", "small", "large"] = Field(
        default="standard", description="Cost of one Argon2id hash: 64 MiB and 3 passes; small 19 MiB and 2; large 256 MiB and 3."
    )
    memory_kib: int | None = Field(
        default=None, ge=8_192, le=2**21, description="Memory of one hash in KiB, instead of the preset's."
    )
    time_cost: int | None = Field(default=None, ge=1, le=64, description="Passes of one hash, instead of the preset's.")
    parallelism: int | None = Field(default=None, ge=1, le=64, description="Lanes of one hash, instead of the preset's.")
    longest_wait: timedelta = Field(
        default=timedelta(milliseconds=2550),
        ge=timedelta(milliseconds=500),
        le=timedelta(minutes=1),
        description="Longest wait for a core to hash on, then 503; whoever could not be served in this time is refused at once.",
    )
