"""Whether people may make accounts for themselves, whichever way they come."""

from mainspring.core.settings import Settings as CoreSettings

from ..settings import Settings


def may_register(settings: CoreSettings) -> bool:
    """Whether `AUTH__REGISTRATION` lets anybody in who has no account yet."""
    return settings.section(Settings).registration != "closed"
