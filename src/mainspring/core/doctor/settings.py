"""Settings that production refuses or warns of."""

from ..mail.wiring import unsent_mail_warning
from ..settings.loading import MADE, MADE_HERE
from ..settings.safety import refuse_unsafe
from .finding import Finding, advice
from .patient import Patient


def about_warnings(patient: Patient) -> list[Finding]:
    """What every start says about the settings."""
    cure = "Take it out, or correct its name; mainspring settings shows where each value comes from."
    return [advice(warning, cure) for warning in patient.settings.warnings]


def about_production(patient: Patient) -> list[Finding]:
    """What production would refuse, told before APP_ENV is changed."""
    settings = patient.settings
    if settings.is_production or settings.app_env == "test":
        return []
    sources = {line.name: line.source for line in settings.sources()}
    changes: dict[str, object] = {"app_env": "production"}
    if sources["LOG_SQL"] == "default":
        changes["log_sql"] = False  # as it is by default there
    changes |= {field: () for field, name in MADE.items() if sources[name] == MADE_HERE}
    problems: list[str] = []
    refuse_unsafe(settings.model_copy(update=changes), problems)
    cure = "Correct it before APP_ENV=production, which does not start like this."
    return [advice(problem, cure) for problem in problems]


def about_mail(patient: Patient) -> list[Finding]:
    """Mail that stays on this machine."""
    if unsent_mail_warning(patient.settings) is None:
        return []
    return [Finding("No mail server is set, so no mail leaves this machine.", "Set SMTP_URL=smtp://user:password@host:587.")]
