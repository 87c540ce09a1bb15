"""Work that runs later, once, and survives crashes: `@job`, `@every`, `@cron` and `uow.enqueue` (docs/guides/jobs.md)."""

from .book import JobBook
from .control import Backoff, GiveUp, Snooze
from .declaring import cron, every, job
from .run import JobRun, LeaseLost

__all__ = ["Backoff", "GiveUp", "JobBook", "JobRun", "LeaseLost", "Snooze", "cron", "every", "job"]
