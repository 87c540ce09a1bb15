"""How values of steps become JSON and typed values again: by the annotations of the functions, through pydantic."""

import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Generic, TypeVar, get_type_hints
from weakref import WeakKeyDictionary

import orjson
from pydantic import PydanticSchemaGenerationError, TypeAdapter

T = TypeVar("T")


class Shape(Generic[T]):
    """A type that can be stored."""

    __slots__ = ("_adapter", "kind")

    def __init__(self, kind: Any) -> None:  # Any: every annotation
        self.kind = kind
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)

    def dump(self, value: T) -> dict[str, Any]:
        """The value as a JSON object. Raises pydantic's error for a value of another type.

        An object, because SQLite makes numbers of a column of lonely JSON numbers, and loses what is behind the point.
        """
        return {"value": self._adapter.dump_python(value, mode="json", warnings="error")}

    def load(self, data: dict[str, Any]) -> T:
        """The value again. Raises pydantic's ValidationError when the data has another form."""
        return self._adapter.validate_json(orjson.dumps(data["value"]))


_parameters: "WeakKeyDictionary[Any, list[Any]]" = WeakKeyDictionary()
_answers: "WeakKeyDictionary[Any, Shape[Any]]" = WeakKeyDictionary()


def plain(function: Callable[..., Any]) -> Any:
    """The function behind a method or a partial."""
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__func__", function)


def answer_of(function: Callable[..., Any]) -> Shape[Any]:
    """The shape of what a function answers. Raises TypeError when it does not say so, or when it cannot be stored."""
    source = plain(function)
    found = _answers.get(source)
    if found is None:
        hints = get_type_hints(source, include_extras=True)
        if "return" not in hints:
            raise TypeError(f"{source.__qualname__} does not say what it answers: give it a return type.")
        found = _answers[source] = shape_of(hints["return"])
    return found


def first_parameter(function: Callable[..., Any]) -> Any:
    """The annotation of a function's first parameter; None when it has none."""
    source = plain(function)
    found = _parameters.get(source)
    if found is None:
        hints = get_type_hints(source)
        names = [name for name in inspect.signature(source).parameters if name not in ("self", "cls")]
        found = _parameters[source] = [hints.get(name) for name in names]
    return found[0] if found else None


def shape_of(kind: Any) -> Shape[Any]:
    """The shape of a type, made once. Raises TypeError when values of the type cannot be stored."""
    try:
        return _shape(kind)
    except TypeError as error:
        if "unhashable" not in str(error):
            raise
        return Shape(kind)


@cache
def _shape(kind: Any) -> Shape[Any]:
    try:
        return Shape(kind)
    except PydanticSchemaGenerationError as error:
        raise TypeError(f"{kind!r} cannot be stored as JSON: {str(error).partition(chr(10))[0]}") from None
