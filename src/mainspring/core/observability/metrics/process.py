"""What a process tells about itself: processor time, memory, files, and its databases."""

import os
import shutil
import time
from typing import TYPE_CHECKING

from .... import __version__
from .collecting import each_process
from .instruments import counter, gauge

if TYPE_CHECKING:
    from ...application import Application

PAGE = os.sysconf("SC_PAGE_SIZE")
STARTED = time.time()

CPU = counter("process_cpu_seconds_total", "Processor time of all processes.")
MEMORY = gauge("process_resident_memory_bytes", "Memory in use, shared pages included.", across="each")
FILES = gauge("process_open_fds", "Open files and sockets.", across="each")
AGE = gauge("process_start_time_seconds", "When the process began, in seconds since 1970.", across="each")
BUILD = gauge("mainspring_build_info", "The version that runs.", ("version",), across="max")
DISK_FREE = gauge("mainspring_disk_free_bytes", "Room that is left where DATA_DIR lies.", across="max")
DISK_SIZE = gauge("mainspring_disk_size_bytes", "Size of what DATA_DIR lies on.", across="max")
PROCESSES = gauge("mainspring_processes", "Living processes of this machine.")
DATABASE = gauge("mainspring_database_connections", "PostgreSQL connections by state.", ("database", "state"))
WAITING = gauge("mainspring_database_waiting", "Units that wait for a connection or for the writer.", ("database",))
COMMITS = counter("mainspring_database_commits_total", "Commits of the SQLite writer; one answers many units.", ("database",))


@each_process
def look_at_process(application: "Application") -> None:
    """Processor time, memory and open files."""
    PROCESSES.set(1)
    AGE.of().set(STARTED)
    CPU.of().reach(time.process_time())
    if os.path.isdir("/proc/self/fd"):  # Linux
        with open("/proc/self/statm") as file:
            MEMORY.set(int(file.read().split()[1]) * PAGE)
        FILES.set(len(os.listdir("/proc/self/fd")))


@each_process
def look_at_disk(application: "Application") -> None:
    """Room for the embedded database, files and figures."""
    folder = application.settings.data_dir
    if folder.is_dir():  # it is made at the first need of it
        usage = shutil.disk_usage(folder)
        DISK_FREE.set(usage.free)
        DISK_SIZE.set(usage.total)
    BUILD.of(__version__).set(1)


@each_process
def look_at_databases(application: "Application") -> None:
    """Connections, commits, and who waits."""
    for name, database in application.databases.items():
        figures = database.figures()
        WAITING.of(name).set(figures.waiting)
        if figures.commits is not None:
            COMMITS.of(name).reach(figures.commits)
        for state, count in figures.connections.items():
            DATABASE.of(name, state).set(count)
