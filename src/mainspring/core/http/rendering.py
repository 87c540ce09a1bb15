"""Turning what a route returns into bytes (R-128, R-301, R-335): typed, straight from the validator's core serializer."""

from collections.abc import Callable
from typing import Any

from fastapi._compat import ModelField
from pydantic import BaseModel, TypeAdapter, ValidationError

Render = Callable[[Any], bytes]  # Any: what the route returns, of the type that it declares


def renderer(field: ModelField | None, *, by_alias: bool = True, exclude_none: bool = False) -> Render:
    """A function that renders answers of a declared type. An instance of the declared model is rendered as it is; anything else
    is validated first, so that only declared fields leave."""
    if field is None:
        return _nothing
    adapter: TypeAdapter[Any] = field._type_adapter
    to_json = adapter.serializer.to_json
    validate = adapter.validator.validate_python
    declared = field.field_info.annotation
    model = declared if isinstance(declared, type) and issubclass(declared, BaseModel) else None

    def render(answer: Any) -> bytes:
        if type(answer) is not model:
            try:
                answer = validate(answer, from_attributes=True)
            except ValidationError as problem:
                raise AnswerInvalid(f"the answer does not fit {declared!r}: {problem.error_count()} problems") from problem
        return to_json(answer, by_alias=by_alias, exclude_none=exclude_none)

    return render


class AnswerInvalid(Exception):
    """A route returned what it did not declare: a bug of ours, never the caller's."""


def _nothing(answer: Any) -> bytes:
    return b""
