"""From the texts of the environment to the typed fields of a settings class."""

from collections.abc import Mapping
from datetime import timedelta
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from .durations import format_duration, parse_duration
from .gathering import Given
from .problems import sentence

S = TypeVar("S", bound=BaseModel)
HIDDEN = "********"


def read_fields(kind: type[S], prefix: str, given: Mapping[str, Given], problems: list[str], **more: Any) -> S | None:
    """An instance of `kind` from the names `prefix` + FIELD and the ready values in `more`.

    Every problem is appended, and the field then has its default, so that later checks find theirs too. None when a field
    without a default is missing.
    """
    values: dict[str, Any] = dict(more)
    for field, info in kind.model_fields.items():
        found = given.get(prefix + field.upper())
        if found is None or field in more:
            continue
        try:
            values[field] = _prepare(found.text.strip(), info.annotation)
        except ValueError as problem:
            problems.append(f"{found.name} {problem}.")
    try:
        return kind.model_validate(values)
    except ValidationError as refused:
        errors = {str(error["loc"][0]): error for error in refused.errors(include_url=False, include_input=False)}
    for field, error in errors.items():
        name = prefix + field.upper()
        problems.append(sentence(given[name].name if name in given else name, error))
    accepted = {field: value for field, value in values.items() if field not in errors}
    needs_more = any(info.is_required() and field not in accepted for field, info in kind.model_fields.items())
    return None if needs_more else kind.model_validate(accepted)


def show(value: Any) -> str:
    """A value as one would write it in the environment; secrets hidden."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case timedelta():
            return format_duration(value)
        case SecretStr():
            return HIDDEN
        case tuple() | list() | frozenset():
            return ",".join(show(item) for item in value)
        case _:
            return str(value)


def _prepare(text: str, annotation: Any) -> Any:  # Any: annotations are any objects
    """What pydantic cannot know of our forms: durations, comma lists, keys with `\\n` in one line, numbers in a Literal."""
    kind = _without_none(annotation)
    if kind is timedelta:
        return parse_duration(text)
    if get_origin(kind) in (tuple, list, set, frozenset):
        item = get_args(kind)[0]
        return [_prepare(part.strip(), item) for part in text.split(",") if part.strip()]
    if get_origin(kind) is Literal and all(isinstance(choice, int) for choice in get_args(kind)):
        return int(text) if text.isascii() and text.isdigit() else text
    if text.startswith("-----BEGIN") and "\\n" in text:
        return text.replace("\\n", "\n")
    return text


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return kinds[0] if len(kinds) == 1 else annotation
    return annotation
