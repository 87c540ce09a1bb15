"""What is sealed under ENCRYPTION_KEY: the secrets of authenticator apps, as `totp.py` seals them."""

from mainspring.core.database.sealed import SealedColumn

from ..models import TotpFactor


def columns() -> list[SealedColumn]:
    """Each sealed column."""
    return [SealedColumn(TotpFactor, "secret", "auth.totp", "totp_factors/{user_id}")]
