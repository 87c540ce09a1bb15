"""Events as other programs read them: CloudEvents 1.0 in their JSON form, the same at every broker.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from dataclasses import dataclass
from typing import Any

import orjson

from ..jobs.control import Snooze
from .catalogue import EventCatalogue
from .delivery import UNTIL_THE_NEXT_RELEASE, Delivery
from .event import Event

CONTENT_TYPE = "application/cloudevents+json"


class Unreadable(ValueError):
    """What arrived is no event; the text says why and holds nothing of what arrived."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of another program. `source` and `id` together name it once and for all."""

    source: str
    id: str
    name: str
    version: int
    data: dict[str, Any]


def written(delivery: Delivery, source: str) -> bytes:
    """The event; its `id` is the same whenever and however often it is sent."""
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(delivery.id),
        "source": source,
        "type": delivery.name,
        "time": delivery.at.isoformat(),
        "datacontenttype": "application/json",
        "dataversion": delivery.version,
        "data": delivery.data,
    }
    if delivery.about is not None:
        told["subject"] = delivery.about
    return orjson.dumps(told)


def read(body: bytes, *, source: str, id: str | None = None, name: str | None = None) -> Told:
    """The event in a message: a CloudEvent, or plain JSON whose `id` and `name` the broker knows.

    `source` stands for a program that does not say its name. Raises Unreadable.
    """
    try:
        held = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"it is not JSON: {error.msg}") from None
    if not isinstance(held, dict):
        raise Unreadable("it is not a JSON object")
    if "specversion" in held:
        return _cloud_event(held)
    if not id or not name:
        raise Unreadable("it is no CloudEvent, and the broker knows no id and name for it")
    return Told(source, id, name, 1, held)


def decoded(catalogue: EventCatalogue, told: Told) -> Event:
    """The fact. Raises GiveUp when it does not fit, Snooze when a newer program than this one is needed."""
    kind = catalogue.outside.get(told.name)
    if kind is None or told.version > kind.version:
        raise Snooze(UNTIL_THE_NEXT_RELEASE)
    event: Event = catalogue.codec_of(kind).decode(told.data, told.version)
    return event


def _cloud_event(held: dict[str, Any]) -> Told:
    for attribute in ("id", "source", "type"):
        if not isinstance(held.get(attribute), str) or not held[attribute]:
            raise Unreadable(f"it has no {attribute}")
    version, data = held.get("dataversion", 1), held.get("data")
    if type(version) is not int or version < 1:
        raise Unreadable("its dataversion is no whole number")
    if not isinstance(data, dict):
        raise Unreadable("its data is no JSON object")
    return Told(held["source"], held["id"], held["type"], version, data)
