"""How a database is opened."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """The settings of one database (R-211). Durations are in seconds.

    `log_statements` writes each statement with its milliseconds, never its parameters (R-331). `lock_directory` holds
    the file that the processes of one machine queue on before they write to SQLite; the default is the file's own folder.
    """

    name: str = "default"
    pool_max: int = 20
    pool_min: int = 0
    idle_seconds: float = 30.0
    connect_timeout: float = 2.0
    acquire_timeout: float = 2.0
    statement_timeout: float = 5.0
    lock_timeout: float = 2.0
    idle_in_transaction_timeout: float = 10.0
    synchronous: str = "FULL"
    slow_readers: int = 2
    lock_directory: Path | None = None
    application_name: str = "mainspring"
    log_statements: bool = False
