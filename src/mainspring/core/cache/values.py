"""What is kept of an answer: JSON that comes back as the same type. Nothing that is read can run code (ASVS 1.5.2)."""

import dataclasses
import types
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

T = TypeVar("T")
PLAIN = (str, int, float, bool, bytes, type(None), UUID, datetime, date, time, timedelta, Decimal)


class CannotKeep(Exception):
    """An answer that would not come back as it was. It is answered, and not kept."""


class Kept(Generic[T]):
    """Answers of one type. `is_fixed` ones cannot be changed by whoever gets them, so all get the same object."""

    def __init__(self, of: Any) -> None:  # Any: a type as it is written in an annotation, a union too
        try:
            self.adapter: TypeAdapter[T] = TypeAdapter(of)
        except (PydanticSchemaGenerationError, PydanticUserError) as problem:
            raise TypeError(f"{of!r} cannot be kept in the cache: {str(problem).splitlines()[0]}") from None
        self.is_fixed = is_fixed(of)
        self.shape = _shape(self.adapter, of)

    def encode(self, value: T) -> bytes:
        """The JSON of an answer, which was read back once to see that nothing is lost. Raises CannotKeep."""
        try:
            payload = self.adapter.dump_json(value, by_alias=True, warnings="error")
            back = self.adapter.validate_json(payload)
        except (PydanticSerializationError, ValidationError, ValueError) as problem:
            raise CannotKeep(_first_line(problem)) from problem
        if type(back) is not type(value) or back != value:
            raise CannotKeep(f"{type(value).__qualname__} comes back as another {type(back).__qualname__}")
        return payload

    def decode(self, payload: bytes) -> T:
        """The answer. Raises CannotKeep for JSON that does not fit the type, as another version of the program may have left."""
        try:
            return self.adapter.validate_json(payload)
        except ValidationError as problem:
            raise CannotKeep(_first_line(problem)) from problem


def is_fixed(of: Any) -> bool:  # Any: see Kept
    """Whether nothing of this type can be changed: plain values, enums, and tuples and frozen dataclasses of such."""
    if of is None or of in PLAIN:
        return True
    if isinstance(of, type) and issubclass(of, Enum):
        return True
    origin, parts = get_origin(of), get_args(of)
    if origin is Literal:
        return True
    if origin is Annotated:
        return is_fixed(parts[0])
    if origin in (Union, types.UnionType, tuple, frozenset):
        return all(part is Ellipsis or is_fixed(part) for part in parts)
    if isinstance(of, type) and dataclasses.is_dataclass(of) and of.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # every dataclass has it
        hints = _hints(of)
        return bool(hints) and all(is_fixed(hints.get(field.name, Any)) for field in dataclasses.fields(of))
    return False


def _hints(of: type) -> dict[str, Any]:
    try:
        return get_type_hints(of, include_extras=True)
    except NameError:  # a name that only type checkers import
        return {}


def _shape(adapter: TypeAdapter[Any], of: Any) -> str:
    """A short text that is another one when the type's fields change, so that two versions of a program share no key."""
    try:
        described = orjson.dumps(adapter.json_schema(mode="serialization"), option=orjson.OPT_SORT_KEYS)
    except PydanticUserError:  # a type without a JSON schema
        described = repr(of).encode()
    return blake2b(described, digest_size=4).hexdigest()


def _first_line(problem: Exception) -> str:
    if isinstance(problem, ValidationError):  # its text repeats the value
        places = problem.errors(include_url=False, include_input=False, include_context=False)
        return ", ".join(f"{'.'.join(map(str, place['loc']))} ({place['type']})" for place in places[:3])
    return type(problem).__name__
