"""`WORKERS=auto`: as many processes as this one may use cores (R-297)."""

import os
import sys
from typing import Annotated, Any

from pydantic import BeforeValidator


def usable_cores() -> int:
    """The cores that the system lets this process run on."""
    return len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count() or 1


def _counted(value: Any) -> Any:  # Any: what pydantic has not looked at yet
    return usable_cores() if isinstance(value, str) and value.lower() == "auto" else value


ProcessCount = Annotated[int, BeforeValidator(_counted)]
