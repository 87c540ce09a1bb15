"""What `mainspring doctor` tells of payments: a gateway whose library is not there."""

from mainspring.core.application import Application
from mainspring.core.doctor import Finding, missing

from ..settings import Settings


def examine(application: Application) -> list[Finding]:
    """The library of Stripe, when money moves through it."""
    return missing("stripe", "stripe") if application.settings.section(Settings).gateway == "stripe" else []
