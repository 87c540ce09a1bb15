"""How a database is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

StatementLog = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """The settings of one database (R-211). Durations are in seconds.

    `on_statement` is called with the SQL text and its milliseconds, never with parameters (R-331). `lock_directory` holds
    the file that the processes of one machine queue on before they write to SQLite; the default is the file's own folder.
    """

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
    on_statement: StatementLog | None = None
