"""The signals between a supervisor, its workers, and whoever ends or reloads them (R-316, R-317)."""

import signal

ENDING = (signal.SIGTERM, signal.SIGINT)
RELOADING = signal.SIGHUP
SUCCEEDED = signal.SIGUSR1  # to a worker: another serves on your socket
DISMISSED = signal.SIGUSR2  # to a worker: others serve on sockets of their own, and yours goes with you


def hold_back() -> None:
    """Let signals wait, in this process and in what it forks or becomes, until whoever must hear them listens."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, RELOADING))


def receive() -> None:
    """Receive what was held back. For whoever has set its handlers."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, RELOADING))
