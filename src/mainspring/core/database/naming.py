"""What a statement is called in figures, traces and the log: the place where it is written, never its text."""

import sys
from types import FrameType

MODULE = "<module>"


class Place:
    """Where an object was made. Its `name` is `orders.repository.OF_OWNER`, or that of the function that made it."""

    __slots__ = ("_function", "_module", "_name", "_object")

    def __init__(self, thing: object, frame: FrameType) -> None:
        while frame.f_code.co_name == "__init__" and frame.f_back is not None:
            frame = frame.f_back  # a class below ours
        self._module, self._function = str(frame.f_globals.get("__name__", "")), frame.f_code.co_qualname
        self._object = id(thing)
        self._name = ""

    @property
    def name(self) -> str:
        """Looked up once, when the module is complete."""
        if not self._name:
            module = self._module.removeprefix("mainspring.modules.").removeprefix("mainspring.")
            self._name = f"{module}.{self._constant() if self._function == MODULE else self._function}"
        return self._name

    def _constant(self) -> str:
        found = vars(sys.modules[self._module]) if self._module in sys.modules else {}
        return next((name for name, value in found.items() if id(value) == self._object), "statement")


def operation_of(sql: str) -> str:
    """The first word of a statement, in capitals."""
    return sql.split(None, 1)[0].upper() if sql else ""
