"""A client for an application."""

from collections.abc import Iterable

from ..adapters import adapter
from ..application import Application
from .ports import MakeOutgoing, Outgoing
from .rules import OutgoingRules

ADAPTER = "outgoing:HttpOutgoing"


def outgoing(application: Application, *, named: Iterable[str] = (), extra: str = "outgoing") -> Outgoing:
    """A client that keeps to `OUTGOING__...` and closes with the application.

    `named` are addresses from the settings, never from a caller: their ports are allowed, and this machine while developing.
    Raises BootRefused when the library is missing, naming the `extra` that brings it.
    """
    make: MakeOutgoing = adapter(ADAPTER, extra=extra)
    client = make(OutgoingRules.of(application.settings).naming(named))
    application.on_stop(client.close)
    return client
