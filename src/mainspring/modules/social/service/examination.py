"""What `mainspring doctor` tells of outside identities: providers that nothing here could ask."""

from mainspring.core.application import Application
from mainspring.core.doctor import Finding, missing

from ..ports import Providers


def examine(application: Application) -> list[Finding]:
    """The library that asks providers, when there are any."""
    return missing("httpx2", "social") if application.resolve(Providers).all() else []
