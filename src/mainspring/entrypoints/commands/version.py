"""`mainspring version`."""

from mainspring.core.console import say


def version() -> None:
    """Print the version of Mainspring and of Python."""
    import platform

    from mainspring import __version__

    say(f"mainspring {__version__}, Python {platform.python_version()}")
