"""Row builders: functions written once per statement that make typed rows out of the driver's tuples."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID, SafeUUID

R = TypeVar("R")


# `UUID(...)` checks its argument in Python and takes 1.0 us; filling its two slots takes 0.3.
_new = object.__new__
_set_int = UUID.__dict__["int"].__set__
_set_safe = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown
_int_of_bytes = int.from_bytes


def uuid_of(text: str) -> UUID:
    """The UUID that 32 hexadecimal digits name."""
    made = _new(UUID)
    _set_int(made, int(text, 16))
    _set_safe(made, _UNKNOWN)
    return made


def uuid_of_bytes(octets: bytes) -> UUID:
    """The UUID that 16 bytes name."""
    made = _new(UUID)
    _set_int(made, _int_of_bytes(octets, "big"))
    _set_safe(made, _UNKNOWN)
    return made


moment_of_text = datetime.fromisoformat  # also of PostgreSQL's text, when its time zone is UTC and its style ISO


def row_builder(row: type[R] | None, columns: Sequence[tuple[str, Any]], extra: int) -> Callable[[Sequence[Any]], list[R]]:
    """A function from raw rows to typed ones. `columns` are names with what reads them: a callable, `uuid`, `moment`, None.

    Raises TypeError when a field of the row has no column.
    """
    scope: dict[str, Any] = {"uuid_of": uuid_of, "moment_of": datetime.fromisoformat}
    names = [f"c{index}" for index in range(len(columns))]
    values: dict[str, str] = {}
    for index, (name, reader) in enumerate(columns):
        value = names[index]
        if reader is not None:
            scope[f"read_{index}"] = {"uuid": uuid_of, "moment": datetime.fromisoformat}.get(reader, reader)
            value = f"(None if {value} is None else read_{index}({value}))"
        values.setdefault(name, value)
    targets = "".join(f"{name}, " for name in [*names, *(f"_{index}" for index in range(extra))])
    if row is not None and is_dataclass(row):
        missing = [field.name for field in fields(row) if field.name not in values]
        if missing:
            raise TypeError(f"{row.__name__} has {', '.join(missing)}, which the statement does not select")
        wanted = [values[field.name] for field in fields(row)]
        lines = _dataclass_lines(row, wanted, targets, scope)
    elif len(columns) == 1:
        lines = [f"    return [{values[columns[0][0]]} for {targets} in raw]"]
    else:
        lines = [f"    return [({''.join(value + ', ' for value in values.values())}) for {targets} in raw]"] if columns else []
    exec("\n".join(["def rows(raw):", *(lines or ["    return []"])]), scope)  # noqa: S102  the text is ours
    return cast("Callable[[Sequence[Any]], list[R]]", scope["rows"])


def extra_reader(columns: Sequence[tuple[int, Any]]) -> Callable[[Any], tuple[Any, ...]]:
    """A function from a raw row to some of its values, read as their types. `columns` are their places and what reads them."""
    plain = [(place, {"uuid": uuid_of, "moment": datetime.fromisoformat}.get(reader, reader)) for place, reader in columns]

    def extra_of(raw: Any) -> tuple[Any, ...]:
        return tuple([raw[place] if read is None or raw[place] is None else read(raw[place]) for place, read in plain])

    return extra_of


def _dataclass_lines(row: type[Any], wanted: list[str], targets: str, scope: dict[str, Any]) -> list[str]:
    """A frozen, slotted dataclass pays object.__setattr__ per field: 20 rows of 8 take 21 us. A twin with the same slots is
    filled and its class changed, 6 us; everything else goes through the class's own constructor."""
    scope["Row"] = row
    twin = _open_twin(row)
    if twin is None:
        return [f"    return [Row({', '.join(wanted)}) for {targets} in raw]"]
    scope["Twin"] = twin
    return [
        "    made = []",
        f"    for {targets} in raw:",
        f"        one = Twin({', '.join(wanted)})",
        "        one.__class__ = Row",
        "        made.append(one)",
        "    return made",
    ]


def _open_twin(row: type[Any]) -> type[Any] | None:
    """A class with the same slots and no checks; None when the row has a constructor or `__post_init__` of its own."""
    names = tuple(field.name for field in fields(row))
    plain = row.__bases__ == (object,) and row.__dict__.get("__slots__") == names and not hasattr(row, "__post_init__")
    if not plain or not all(field.init for field in fields(row)) or not row.__dataclass_params__.frozen or not names:
        return None
    scope: dict[str, Any] = {}
    body = "; ".join(f"self.{name} = {name}" for name in names)
    exec(f"def __init__(self, {', '.join(names)}): {body}", scope)  # noqa: S102  field names are identifiers
    return type(f"Open{row.__name__}", (), {"__slots__": names, "__init__": scope["__init__"]})
