"""Orders as validated JSON, with a version that can grow."""

from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError

from ..module import BootRefused
from .control import GiveUp

T = TypeVar("T")


@lru_cache(512)
def _adapter_of(kind: type[Any]) -> TypeAdapter[Any]:  # Any: lru_cache knows no type variables
    return TypeAdapter(kind)


class Codec(Generic[T]):
    """Turns orders of one class into JSON and back.

    A class that has grown says `version: ClassVar[int] = 2` and has a classmethod `upgrade(version, data)` that turns the JSON
    of an older version into that of today. Raises BootRefused when the class cannot be JSON.
    """

    __slots__ = ("_adapter", "kind", "version")

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self.version: int = getattr(kind, "version", 1)
        if not is_dataclass(kind) or not isinstance(self.version, int) or self.version < 1:
            raise BootRefused(f"{kind.__name__} must be a dataclass whose version, if it has one, is a whole number from 1.")
        if self.version > 1 and not hasattr(kind, "upgrade"):
            raise BootRefused(f"{kind.__name__} has version {self.version} and no classmethod upgrade(version, data).")
        try:
            self._adapter: TypeAdapter[T] = _adapter_of(kind)
        except PydanticSchemaGenerationError as problem:
            raise BootRefused(f"{kind.__name__} cannot be written as JSON: {problem.message.splitlines()[0]}") from None

    def encode(self, order: T) -> dict[str, Any]:
        """The order as JSON values."""
        return cast("dict[str, Any]", self._adapter.dump_python(order, mode="json"))

    def decode(self, data: dict[str, Any], version: int) -> T:
        """The order. Raises GiveUp when it does not fit, which another attempt would not change; values are not told."""
        if version < self.version:
            data = cast(Any, self.kind).upgrade(version, data)
        try:
            return self._adapter.validate_python(data, strict=False)
        except ValidationError as problem:
            told = "; ".join(
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in problem.errors(include_url=False, include_input=False)
            )
            raise GiveUp(f"the order does not fit {self.kind.__name__}: {told}") from None
