"""How a database is opened."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """The settings of one database (R-211). Durations are in seconds.

    `log_statements` writes each statement of a request or job with its milliseconds, never its parameters (R-331).
    `slow_query` is from when on a statement is logged as slow, 0 for never.
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
    application_name: str = "mainspring"
    log_statements: bool = False
    slow_query: float = 0.2
    server_settings: tuple[tuple[str, str], ...] = ()  # of PostgreSQL, for each connection
