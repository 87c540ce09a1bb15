"""Expected errors as JSON and back, so that a replay, or another process, raises the same situation."""

import importlib
from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from ..errors import MainspringError
from .errors import EXPECTED


def keep(error: MainspringError) -> dict[str, Any]:
    """What is stored of an error: its class, code, message, and the attributes that JSON can hold."""
    attributes = {}
    for name, value in vars(error).items():
        try:
            attributes[name] = to_jsonable_python(value)
        except PydanticSerializationError:
            continue
    kind = type(error)
    return {
        "kind": f"{kind.__module__}:{kind.__qualname__}",
        "base": next((base.__name__ for base in EXPECTED if isinstance(error, base)), "MainspringError"),
        "code": kind.code,
        "message": str(error),
        "attributes": attributes,
    }


def restored(kept: dict[str, Any]) -> MainspringError:
    """The error again. When its class is gone, one with the same code, or of the same base with that code, stands for it."""
    kind = _named(kept["kind"]) or _of_code(kept["code"]) or _of_base(kept["base"], kept["code"])
    error = kind.__new__(kind)
    error.args = (kept["message"],)
    error.details = None
    for name, value in kept["attributes"].items():
        setattr(error, name, value)
    return error


def _named(path: str) -> type[MainspringError] | None:
    module, _, name = path.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except ImportError:
        return None
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) and issubclass(found, MainspringError) else None


def _of_code(code: str) -> type[MainspringError] | None:
    return next((kind for kind in _kinds(MainspringError) if kind.code == code), None)


def _of_base(name: str, code: str) -> type[MainspringError]:
    base = next((base for base in EXPECTED if base.__name__ == name), MainspringError)
    return type(base.__name__, (base,), {"code": code, "__doc__": base.__doc__})


def _kinds(root: type[MainspringError]) -> Iterator[type[MainspringError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)
