"""What credits do by the clock."""

from dataclasses import asdict
from datetime import timedelta

from mainspring.core.jobs import JobRun, every
from mainspring.core.observability.logs import get_logger
from mainspring.core.observability.metrics import counter
from mainspring.core.observability.security_events import suspicious_activity

from .service import LedgerService

MOST_NAMED = 100
VIOLATIONS = counter("credits_ledger_violations_total", "Things in the ledger of credits that did not add up.", ("rule",))
log = get_logger(__name__)


@every(timedelta(minutes=10))
async def check_ledger(run: JobRun) -> None:
    """Raise the alarm for everything in the ledger that does not add up: in the log, in the security log and as a metric."""
    found = 0
    async for violation in LedgerService(run.reading).violations():
        found += 1
        VIOLATIONS.of(violation.rule).inc()
        if found <= MOST_NAMED:
            told = asdict(violation) | {"about": str(violation.about) if violation.about else None}
            log.error("ledger_violation", **told)
            suspicious_activity(None, "ledger_violation", **told)
    if found > MOST_NAMED:
        log.error("ledger_violations", count=found)
