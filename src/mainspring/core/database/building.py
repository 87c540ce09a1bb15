"""Row builders: functions written once per statement that make typed rows out of the driver's tuples."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID, SafeUUID

R = TypeVar("R")


class _OpenUuid:
    """The slots of `UUID` without its checks. `UUID(hex)` takes 1.0 us; filling these and changing the class takes 0.3."""

    __slots__ = ("__weakref__", "int", "is_safe")

    def __init__(self, text: str, unknown: SafeUUID = SafeUUID.unknown) -> None:
        self.int = int(text, 16)
        self.is_safe = unknown


def uuid_of(text: str) -> UUID:
    """The UUID that 32 hexadecimal digits name."""
    made = _OpenUuid(text)
    made.__class__ = UUID  # type: ignore[assignment]  # same slots, so CPython allows it
    return cast(UUID, made)


def uuid_of_bytes(octets: bytes) -> UUID:
    """The UUID that 16 bytes name."""
    made = _OpenUuid("0")
    made.int = int.from_bytes(octets)
    made.__class__ = UUID  # type: ignore[assignment]
    return cast(UUID, made)


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


def extra_reader(readers: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """A function from a raw row to its last values, read as their types."""
    plain = [{"uuid": uuid_of, "moment": datetime.fromisoformat}.get(reader, reader) for reader in readers]

    def extra_of(raw: Any) -> tuple[Any, ...]:
        last = raw[len(raw) - len(plain) :]
        return tuple(value if read is None or value is None else read(value) for read, value in zip(plain, last, strict=True))

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
