"""Which files of DATA_DIR belong into a backup: all but those of running processes, figures, written mail, and the databases."""

from collections.abc import Iterator
from pathlib import Path

from ..database.sqlite.connecting import path_of
from ..jobs.presence import FOLDER as RUNTIME
from ..mail.folder import FOLDER as MAIL
from ..observability.metrics.reading import FOLDER as METRICS
from ..runtime import FILE as RUNTIME_FILE
from ..settings import Settings
from .sealing import is_backup

LEFT_OUT = frozenset((RUNTIME, METRICS, MAIL))
LOCKS = (".lock", ".queue", "-wal", "-shm", "-journal")


def data_files(settings: Settings) -> Iterator[Path]:
    """Regular files that nobody can make anew: keys, and whatever modules keep."""
    folder = settings.data_dir
    databases = {path_of(url).absolute() for url in settings.databases.values() if url.startswith("sqlite:")}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_ours = path.absolute() in databases or path.name == RUNTIME_FILE or path.name.endswith(LOCKS)
        is_hidden = any(part.startswith(".") for part in parts)  # drafts, and the folder that a backup is being made in
        if parts[0] in LEFT_OUT or is_hidden or is_ours or path.is_symlink() or not path.is_file():
            continue
        if not is_backup(path):
            yield path
