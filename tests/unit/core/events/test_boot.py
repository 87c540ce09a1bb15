"""What the boot refuses about events and their subscribers, one sentence each (ARCHITECTURE 2)."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mainspring.core.events import Event
from mainspring.core.events.catalogue import EventCatalogue
from mainspring.core.events.subscriptions import Subscriptions
from mainspring.core.jobs import JobBook
from mainspring.core.module import BootRefused, Module

EVENTS = """
from dataclasses import dataclass
from mainspring.core.events import Event

@dataclass(frozen=True)
class Rang(Event):
    times: int

@dataclass(frozen=True)
class Broke(Event):
    times: int
"""
HEAD = """
from mainspring.core.database import UnitOfWork
from mainspring.core.events import Event, subscribe
from {package}.events import Broke, Rang
"""
Read = Callable[..., Subscriptions]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    """Writes a module and reads its subscribers."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def read(subscribers: str, jobs: str = "", events: str = EVENTS, database: str = "default") -> Subscriptions:
        package = tmp_path / "belfry"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "events.py").write_text(events)
        (package / "subscribers.py").write_text(HEAD.format(package="belfry") + subscribers)
        (package / "jobs.py").write_text(jobs)
        modules = [Module("belfry", "belfry", database=database)]
        found = Subscriptions(EventCatalogue.of(modules), JobBook.of(modules))
        found.read(modules)
        return found

    yield read
    for name in [name for name in sys.modules if name.partition(".")[0] == "belfry"]:
        del sys.modules[name]


def test_a_subscriber_is_found_by_its_event(read: Read) -> None:
    found = read("@subscribe(Rang)\nasync def listen(uow: UnitOfWork, rang: Rang) -> None: ...")

    assert [definition.name for definitions in found.listeners.values() for definition in definitions] == ["belfry.listen"]


@pytest.mark.parametrize(
    ("subscribers", "sentence"),
    [
        ("@subscribe(int)\nasync def listen(rang: Rang) -> None: ...", "A subscriber names int, which is no event."),
        ("@subscribe()\nasync def listen(rang: Rang) -> None: ...", "A subscriber names no event: write @subscribe(OrderPaid)."),
        (
            "@subscribe(Rang)\nasync def listen(uow: UnitOfWork) -> None: ...",
            "The subscriber belfry.listen does not take its event.",
        ),
        (
            "@subscribe(Rang, Broke)\nasync def listen(rang: Rang) -> None: ...",
            "The subscriber belfry.listen takes Rang and is subscribed to Broke.",
        ),
        (
            "class Unknown(Event): ...\n@subscribe(Unknown)\nasync def listen(fact: Event) -> None: ...",
            "The subscriber belfry.listen listens to Unknown, which stands in no module's events.py.",
        ),
        (
            "@subscribe(Rang)\nasync def listen(rang: Rang, text: str) -> None: ...",
            "The job belfry.listen takes text, which is neither its order (a dataclass) nor a UnitOfWork, a JobRun or the"
            " Application.",
        ),
        (
            "@subscribe(Rang)\ndef listen(uow: UnitOfWork, rang: Rang) -> None: ...",
            "The job belfry.listen is not async, so it runs on a thread and cannot take a UnitOfWork.",
        ),
    ],
)
def test_the_boot_refuses_a_subscriber_that_cannot_be_called(read: Read, subscribers: str, sentence: str) -> None:
    with pytest.raises(BootRefused) as refused:
        read(subscribers)

    assert str(refused.value) == sentence


def test_the_boot_refuses_a_subscriber_with_the_name_of_a_job(read: Read) -> None:
    with pytest.raises(BootRefused, match=r"^Two jobs are named belfry\.listen\.$"):
        read(
            "@subscribe(Rang)\nasync def listen(rang: Rang) -> None: ...",
            "from mainspring.core.jobs import job\n@job()\nasync def listen() -> None: ...",
        )


def test_the_boot_refuses_an_event_that_cannot_be_json(read: Read) -> None:
    with pytest.raises(BootRefused, match=r"^Rang cannot be written as JSON"):
        read(
            "@subscribe(Rang)\nasync def listen(rang: Rang) -> None: ...",
            events="""
from dataclasses import dataclass
from mainspring.core.events import Event

class Thing: ...

@dataclass(frozen=True)
class Rang(Event):
    thing: Thing

class Broke(Rang): ...
""",
        )


def test_the_boot_refuses_two_events_with_one_name() -> None:
    catalogue = EventCatalogue()
    first, second = (type("Rang", (Event,), {}) for _ in range(2))
    catalogue.add("belfry.Rang", first)

    with pytest.raises(BootRefused, match=r"^Two events are named belfry\.Rang\.$"):
        catalogue.add("belfry.Rang", second)


def test_the_boot_refuses_a_subscriber_of_another_database(read: Read) -> None:
    found = read("", database="archive")
    module = Module("belfry", "belfry")
    sys.modules["belfry.subscribers"].__dict__.update(_listening())

    with pytest.raises(BootRefused, match=r"^The subscriber belfry\.listen listens to Rang of another database"):
        found.read([module])


def _listening() -> dict[str, object]:
    scope: dict[str, object] = {"__name__": "belfry.subscribers"}
    exec(HEAD.format(package="belfry") + "@subscribe(Rang)\nasync def listen(rang: Rang) -> None: ...", scope)
    return {"listen": scope["listen"]}
