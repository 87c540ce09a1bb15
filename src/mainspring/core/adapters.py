"""Adapters to the outside world: named by text, imported only when a setting chooses one, so nobody pays for the others."""

import importlib
from typing import Any

from .module import BootRefused

PACKAGE = "mainspring.adapters"


def adapter(path: str, *, extra: str) -> Any:  # Any: whatever the adapter's file holds
    """What `path` (`smtp:SmtpMailer`) names below `mainspring.adapters`.

    Raises BootRefused, naming the extra of the package, when a library that it needs is not installed.
    """
    file, _, name = path.partition(":")
    try:
        module = importlib.import_module(f"{PACKAGE}.{file}")
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("mainspring"):
            raise
        raise BootRefused(f"{missing.name} is not installed: pip install 'mainspring[{extra}]'.") from missing
    return getattr(module, name)
