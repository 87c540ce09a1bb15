"""What the program tells about itself: logs, security events and health."""

from .logs import Logger, batch_logs, captured_logs, close_logs, configure_logs, get_logger, log_request

__all__ = ["Logger", "batch_logs", "captured_logs", "close_logs", "configure_logs", "get_logger", "log_request"]
