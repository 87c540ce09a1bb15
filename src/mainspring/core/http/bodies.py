"""What a route expects as its body: nothing, one JSON value, or a form (R-119, R-126)."""

from collections.abc import MutableMapping
from typing import Any

from fastapi import params
from fastapi._compat import ModelField, Undefined
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from ..errors import Malformed
from . import body as bodies
from .dependencies import Sent, headers_of, query_of
from .exchange import Exchange
from .parameters import Errors, Values
from .problems import PayloadTooLarge, UnsupportedMediaType

FORM_TYPES = (b"multipart/form-data", b"application/x-www-form-urlencoded")


class NoBody:
    """A route without a body; one that is sent is not read."""

    async def load(self, exchange: Exchange, receive: Receive) -> tuple[Any, bytes]:
        """Nothing."""
        return None, b""

    def validate(self, loaded: Any, values: Values, errors: Errors) -> None:
        """Nothing."""


class JsonBody(NoBody):
    """One JSON value, usually an object."""

    def __init__(self, field: ModelField, limit: int) -> None:
        self._name = field.name
        self._field = field
        self._adapter = field._type_adapter
        self._limit = limit

    async def load(self, exchange: Exchange, receive: Receive) -> tuple[Any, bytes]:
        """The parsed value (Undefined when nothing was sent) and its bytes."""
        received = exchange.received
        kind = received.get(b"content-type")
        if not bodies.is_json(kind) and (kind is not None or bodies.is_announced(received)):
            raise UnsupportedMediaType()
        body = await bodies.read(receive, exchange, self._limit)
        if kind is None:
            if body:
                raise UnsupportedMediaType()
            return Undefined, body
        if not body and not self._field.field_info.is_required():
            return Undefined, body  # as clients do that name the type of every POST
        return await bodies.parse_json(body), body

    def validate(self, loaded: Any, values: Values, errors: Errors) -> None:
        """Put the typed value into `values`."""
        if loaded is Undefined:
            if self._field.field_info.is_required():
                errors.append({"type": "missing", "loc": ("body",), "msg": "Field required"})
            else:
                values[self._name] = self._field.get_default()
            return
        try:
            values[self._name] = self._adapter.validate_python(loaded, from_attributes=True)
        except ValidationError as problem:
            for error in problem.errors(include_url=False, include_input=False):
                errors.append({**error, "loc": ("body", *error["loc"])})


class UnreadBody(NoBody):
    """The bytes as they came, with the headers, for a route that proves them by a signature."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit

    async def load(self, exchange: Exchange, receive: Receive) -> tuple[Any, bytes]:
        """What was sent. Raises PayloadTooLarge."""
        body = await bodies.read(receive, exchange, self._limit)
        return Sent(headers_of(exchange), body, query_of(exchange)), body

    def validate(self, loaded: Any, values: Values, errors: Errors) -> None:
        """Hand it to the route."""
        values[self._name] = loaded


class EmbeddedJsonBody(JsonBody):
    """Several body parameters in one JSON object; FastAPI's solver takes them apart."""

    def validate(self, loaded: Any, values: Values, errors: Errors) -> None:
        """Left to the solver."""


class FormBody(NoBody):
    """A form, URL-encoded or multipart; FastAPI's solver takes it apart. At most `max_fields` fields and files together."""

    def __init__(self, limit: int, max_fields: int) -> None:
        self._limit = limit
        self._max_fields = max_fields

    async def load(self, exchange: Exchange, receive: Receive) -> tuple[Any, bytes]:
        """The form's fields. Raises UnsupportedMediaType, PayloadTooLarge or Malformed."""
        kind = exchange.received.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind not in FORM_TYPES:
            raise UnsupportedMediaType("Send the body as a form.")
        announced = exchange.received.get(b"content-length")
        if announced is not None:
            bodies.refuse_long(announced, self._limit)
        scope: MutableMapping[str, Any] = {key: value for key, value in exchange.scope.items() if key != "app"}
        request = Request(scope, limited(receive, self._limit))
        try:
            form: FormData = await request.form(
                max_fields=self._max_fields, max_files=self._max_fields, max_part_size=self._limit
            )
        except MultiPartException as problem:
            if "Too many" in problem.message:
                raise PayloadTooLarge("The form has too many fields.") from None
            raise Malformed("The form cannot be read.") from None
        except ClientDisconnect:
            raise bodies.ClientGone() from None
        except (ValueError, UnicodeError):
            raise Malformed("The form cannot be read.") from None
        for name, value in form.multi_items():
            if "\0" in name or (isinstance(value, str) and "\0" in value):
                raise Malformed("The form holds the character NUL.")
        return form, b""


def limited(receive: Receive, limit: int) -> Receive:
    """`receive`, refusing with PayloadTooLarge once more than `limit` bytes of body came."""
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise PayloadTooLarge()
        return message

    return receive_limited


def body_of(field: ModelField | None, embedded: bool, limit: int, max_fields: int) -> NoBody:
    """What the route's declaration asks for."""
    if field is None:
        return NoBody()
    if isinstance(field.field_info, params.Form):
        return FormBody(limit, max_fields)
    return EmbeddedJsonBody(field, limit) if embedded else JsonBody(field, limit)
