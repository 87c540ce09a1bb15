"""Path, query, header and cookie parameters, read without FastAPI's solver (R-026, R-135, R-148).

FastAPI still decides what each parameter of a route is; this file only reads the values faster, with the same answers.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, cast
from urllib.parse import unquote_plus

from fastapi._compat import ModelField, field_annotation_is_sequence, get_cached_model_fields
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import _get_param_aliases, _get_param_model, request_params_to_args
from pydantic import ValidationError
from starlette.datastructures import Headers

from ..errors import Malformed
from .cookies import cookies_of
from .exchange import Exchange

Values = dict[str, Any]  # Any: the parsed parameters of a route, by name
Errors = list[Any]  # Any: pydantic's own error records
MOST_REMEMBERED, LONGEST_REMEMBERED = 256, 256  # queries of a route, bytes of a query


class Parameters:
    """Reads everything but the body of the requests to one route."""

    def __init__(self, dependant: Dependant) -> None:
        self._path = [Scalar(field, "path") for field in dependant.path_params]
        self._headers = dependant.header_params
        self._cookies = dependant.cookie_params
        self._query = _query_reader(dependant.query_params)
        self._rare = bool(self._headers or self._cookies)
        self.empty = not (self._path or self._query or self._rare)

    def repeated(self, exchange: Exchange) -> Errors:
        """What is wrong about the names in the query: those of a single value that came several times."""
        query = exchange.scope["query_string"]
        return [] if self._query is None or b"&" not in query else repeated(parse_query(query), self._query.single)

    def read(self, exchange: Exchange, path_values: Mapping[str, str], values: Values) -> Errors:
        """Put the parsed values into `values`; returns what is wrong, of all of them at once (R-136)."""
        errors: Errors = []
        for scalar in self._path:
            scalar.read(path_values.get(scalar.alias), values, errors)
        if self._query is not None:
            self._query.read(exchange.scope["query_string"], values, errors)
        if self._rare:
            headers = Headers(scope=exchange.scope)
            for fields, received in ((self._headers, headers), (self._cookies, cookies_of(exchange.received.get(b"cookie")))):
                found, problems = request_params_to_args(fields, received)
                values.update(found)
                errors.extend(problems)
        return errors


class Scalar:
    """One path or query parameter of a plain type."""

    __slots__ = ("_adapter", "_field", "_source", "alias", "is_list", "name")

    def __init__(self, field: ModelField, source: str) -> None:
        self.name = field.name
        self.alias = _get_param_aliases(field)[0][1]
        self.is_list = field_annotation_is_sequence(field.field_info.annotation)
        self._field = field
        self._adapter = field._type_adapter
        self._source = source

    def read(self, raw: Any, values: Values, errors: Errors) -> None:
        """Validate `raw` (None when it was not sent) into `values`."""
        field = self._field
        if raw is None:
            if field.field_info.is_required():
                errors.append({"type": "missing", "loc": (self._source, self.alias), "msg": "Field required"})
                return
            raw = field.get_default()
            if not field.field_info.validate_default:
                values[self.name] = raw
                return
        try:
            values[self.name] = self._adapter.validate_python(raw, from_attributes=True)
        except ValidationError as problem:
            errors.extend(_located(problem, (self._source, self.alias)))


class ScalarQuery:
    """A query of plain parameters. A name that the route does not know is ignored, as FastAPI does."""

    def __init__(self, fields: list[ModelField]) -> None:
        self._scalars = [Scalar(field, "query") for field in fields]
        self.single = frozenset(scalar.alias for scalar in self._scalars if not scalar.is_list)

    def read(self, query: bytes, values: Values, errors: Errors) -> None:
        """Parse the query string into `values`."""
        found = parse_query(query) if query else {}
        errors[:0] = repeated(found, self.single)
        for scalar in self._scalars:
            sent = found.get(scalar.alias)
            scalar.read(None if sent is None else sent if scalar.is_list else sent[-1], values, errors)


class ModelQuery:
    """A query described by one model (`Annotated[Filters, Query()]`); the model says what to do with unknown names."""

    def __init__(self, field: ModelField, single: frozenset[str], lists: frozenset[str]) -> None:
        self._name = field.name
        self._adapter = field._type_adapter
        self._lists = lists
        self.single = single
        self._known: dict[bytes, Any] = {}  # models of queries as they came; frozen ones may be shared

    def read(self, query: bytes, values: Values, errors: Errors) -> None:
        """Parse the query string into the model."""
        known = self._known.get(query)
        if known is not None:
            values[self._name] = known
            return
        found = parse_query(query)
        wrong = repeated(found, self.single)
        errors[:0] = wrong
        sent = {name: self._meant(name, given) for name, given in found.items()}
        try:
            values[self._name] = model = self._adapter.validate_python(sent)
        except ValidationError as problem:
            errors.extend(_located(problem, ("query",)))
            return
        if not wrong and model.model_config.get("frozen") and len(query) <= LONGEST_REMEMBERED:
            if len(self._known) >= MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[query] = model

    def _meant(self, name: str, given: list[str]) -> Any:
        """All values of a list, the last of a single value; an unknown name keeps what it brought."""
        if name in self._lists or (name not in self.single and len(given) > 1):
            return given
        return given[-1]


class FastApiQuery:
    """Queries of a kind that only FastAPI's own reader knows."""

    def __init__(self, fields: list[ModelField], single: frozenset[str]) -> None:
        self._fields = fields
        self.single = single

    def read(self, query: bytes, values: Values, errors: Errors) -> None:
        """Parse the query string into `values`."""
        from starlette.datastructures import QueryParams

        given = parse_query(query)
        errors[:0] = repeated(given, self.single)
        pairs = [(name, value) for name, found in given.items() for value in found]
        found, problems = request_params_to_args(self._fields, QueryParams(pairs))
        values.update(found)
        errors.extend(problems)


def _query_reader(fields: list[ModelField]) -> ScalarQuery | ModelQuery | FastApiQuery | None:
    if not fields:
        return None
    model = _get_param_model(fields[0])
    if model is not None and len(fields) == 1 and fields[0].field_info.annotation is model:
        return ModelQuery(fields[0], *_single_and_lists(get_cached_model_fields(cast(Hashable, model))))
    if all(_get_param_model(field) is None and len(_get_param_aliases(field)) == 1 for field in fields):
        return ScalarQuery(fields)
    plain = [field for field in fields if _get_param_model(field) is None]
    models = [found for field in fields if (found := _get_param_model(field)) is not None]
    inner = [field for found in models for field in get_cached_model_fields(cast(Hashable, found))]
    return FastApiQuery(fields, _single_and_lists([*plain, *inner])[0])


def _single_and_lists(fields: Iterable[ModelField]) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the fields that take one value, and of those that take several."""
    single: set[str] = set()
    lists: set[str] = set()
    for field in fields:
        into = lists if field_annotation_is_sequence(field.field_info.annotation) else single
        into.update(key for _, key in _get_param_aliases(field))
    return frozenset(single), frozenset(lists)


def repeated(found: Mapping[str, list[str]], single: frozenset[str]) -> Errors:
    """An error for each name of a single value that was given more than once; which one is meant nobody can say."""
    names = [name for name, values in found.items() if len(values) > 1 and name in single]
    return [{"type": "repeated", "loc": ("query", name), "msg": "Given more than once"} for name in names]


def parse_query(query: bytes) -> dict[str, list[str]]:
    """The parameters of a query string, each with its values in order. Raises Malformed for bytes that are not UTF-8, or NUL."""
    found: dict[str, list[str]] = {}
    try:
        text = query.decode("ascii")
        plain = "%" not in text and "+" not in text
        for pair in text.split("&"):
            if not pair:
                continue
            name, _, value = pair.partition("=")
            if not plain:
                name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
            found.setdefault(name, []).append(value)
    except UnicodeError:
        raise Malformed("The query is not valid Unicode.") from None
    if b"%00" in query or b"\0" in query:
        raise Malformed("The query holds the character NUL.")
    return found


def _located(problem: ValidationError, prefix: tuple[str, ...]) -> Errors:
    errors = problem.errors(include_url=False, include_input=False)
    return [{**error, "loc": prefix + error["loc"]} for error in errors]
