"""Turning what a route returns into bytes (R-301, R-335): typed, straight from the validator's core serializer.

An answer that is an instance of the declared model is rendered as it is; anything else is validated first, so only declared
fields leave. The rows of a page skip the models (`core.http.row_rendering`).
"""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi._compat import ModelField
from pydantic import BaseModel, TypeAdapter, ValidationError

from .pages import PageOut
from .row_rendering import OddValue, row_renderer

Render = Callable[[Any], bytes]  # Any: what the route returns, of the type that it declares


class AnswerInvalid(Exception):
    """A route returned what it did not declare: a bug of ours, never the caller's."""


def renderer(field: ModelField | None, *, by_alias: bool = True, exclude_none: bool = False) -> Render:
    """A function that renders the answers of a declared type. Raises AnswerInvalid for one that does not fit."""
    if field is None:
        return _nothing
    adapter: TypeAdapter[Any] = field._type_adapter
    declared = field.field_info.annotation
    render = _model_renderer(adapter, declared, by_alias, exclude_none)
    if isinstance(declared, type) and issubclass(declared, PageOut) and by_alias and not exclude_none:
        return PageRenderer(declared, render)
    return render


def _model_renderer(adapter: TypeAdapter[Any], declared: Any, by_alias: bool, exclude_none: bool) -> Render:
    to_json = adapter.serializer.to_json
    validate = adapter.validator.validate_python
    model = declared if isinstance(declared, type) and issubclass(declared, BaseModel) else None

    def render(answer: Any) -> bytes:
        if type(answer) is not model:
            try:
                answer = validate(answer, from_attributes=True)
            except ValidationError as problem:
                raise AnswerInvalid(_what_is_wrong(declared, problem)) from None
        return to_json(answer, by_alias=by_alias, exclude_none=exclude_none)

    return render


def styled(render: Render, style: str, model: Any) -> Render:
    """`render` in the form that `RESPONSE_STYLE` asks for (R-128). A page has its `data` already."""
    if style == "bare" or (style == "data" and isinstance(model, type) and issubclass(model, PageOut)):
        return render
    head = b'{"data":' if style == "data" else b'{"status":"success","message":"OK","data":'
    return lambda answer: b"%b%b}" % (head, render(answer))


class PageRenderer:
    """Renders pages of one kind of answer from the rows themselves."""

    def __init__(self, declared: type[PageOut[Any]], slow: Render) -> None:
        self._declared = declared
        self._slow = slow
        item = declared.model_fields["data"].annotation
        self._item: Any = getattr(item, "__args__", (None,))[0]
        self._render_rows = row_renderer(self._item)

    def __call__(self, answer: Any) -> bytes:
        """The page as JSON."""
        if type(answer) is not self._declared or not answer.data:
            return self._slow(answer)
        if type(answer.data[0]) is self._item:
            return self._slow(answer)
        if self._render_rows is not None:
            try:
                rows = self._render_rows(answer.data)
                return b'{"data":%b,"pagination":%b}' % (
                    rows,
                    answer.pagination.__pydantic_serializer__.to_json(answer.pagination),
                )
            except OddValue:
                pass  # validation converts it or says what is wrong
        return self._slow({"data": answer.data, "pagination": answer.pagination})


def _what_is_wrong(declared: Any, problem: ValidationError) -> str:
    errors: Sequence[Any] = problem.errors(include_url=False, include_input=False, include_context=False)
    places = ", ".join(f"{'.'.join(map(str, error['loc']))} ({error['type']})" for error in errors[:5])
    return f"the answer does not fit {declared!r}: {places}"


def _nothing(answer: Any) -> bytes:
    return b""
