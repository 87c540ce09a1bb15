"""A process that leaves rows in the trail and chains them until it is killed or its standard input ends.

Run as `python -m tests.integration.core.audit.process URL FOLDER NAME`; it prints the number of each row once it is committed.
Leases take half a second instead of ten.
"""

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from mainspring.core.application import create_application
from mainspring.core.audit import AuditRecord, keeper
from mainspring.core.audit.keeper import AuditKeeper
from mainspring.core.database.errors import DatabaseUnavailable, RunAgain
from mainspring.core.locks import duty, lease
from mainspring.core.observability import configure_logs
from mainspring.testing.databases import settings_for


async def work(url: str, folder: Path, name: str) -> None:
    key = {"JWT_PRIVATE_KEY": os.environ["JWT_PRIVATE_KEY"], "JWT_PUBLIC_KEY": ""}
    settings = settings_for(url, folder, {"AUDIT__SIGN_EVERY": "1s", "AUDIT__SIGN_ROWS": "50", "LOG_LEVEL": "info"} | key)
    configure_logs(settings, 2)
    application = create_application(settings)
    await application.start()
    application.resolve(AuditKeeper).start()
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    number = 0
    while not ended.done():
        try:
            async with application.unit() as uow:
                for place in range(number, number + 5):
                    uow.audit(AuditRecord("CREATE", name, str(place), {"place": place}))
        except (DatabaseUnavailable, RunAgain):
            continue
        number += 5
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.002)
    await application.stop()


if __name__ == "__main__":
    duty.BEAT_SECONDS, lease.LEASE_SECONDS = 0.1, 0.5
    keeper.PAUSE_SECONDS, keeper.POLL_SECONDS = 0.01, 0.05
    uvloop.run(work(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
