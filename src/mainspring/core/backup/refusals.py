"""Why a backup is not made or not restored, in one plain sentence."""

from ..module import BootRefused


class BackupRefused(BootRefused):
    """Nothing was changed."""


class ArchiveDamaged(BackupRefused):
    """The file is not as it was written, or the passphrase is another one."""

    def __init__(self, reason: str = "The backup is damaged or cut short") -> None:
        super().__init__(f"{reason}. Nothing was restored.")
