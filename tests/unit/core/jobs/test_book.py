"""What a module's jobs.py declares, and what the boot refuses (R-263)."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any, ClassVar

import pytest

from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import JobBook, JobRun, cron, every, job
from mainspring.core.jobs.control import GiveUp
from mainspring.core.jobs.payloads import Codec
from mainspring.core.module import BootRefused


@dataclass(frozen=True, slots=True)
class Bake:
    loaf: str


@dataclass(frozen=True, slots=True)
class Grown:
    version: ClassVar[int] = 2

    loaf: str


@dataclass(frozen=True, slots=True)
class Strange:
    how: Callable[[], None]


Declared = Callable[..., ModuleType]


@pytest.fixture
def file() -> Iterator[Declared]:
    """Makes a module's jobs.py that holds the given functions."""
    made: list[str] = []

    def make(*functions: Any, name: str = "bakery_jobs") -> ModuleType:
        module = ModuleType(name)
        sys.modules[name] = module
        made.append(name)
        for function in functions:
            function.__module__ = name
            setattr(module, function.__name__, function)
        return module

    yield make
    for name in made:
        sys.modules.pop(name, None)


def test_a_job_is_named_after_its_module_and_function(file: Declared) -> None:
    @job(queue="oven", attempts=3)
    async def bake(uow: UnitOfWork, run: JobRun, order: Bake) -> None: ...

    book = JobBook()
    book.read("bakery", file(bake))

    definition = book.find("bakery.bake")
    assert definition is not None
    assert (definition.options.queue, definition.options.attempts, definition.signature.order) == ("oven", 3, Bake)
    assert book.for_order(Bake("rye")) is definition


def test_what_is_imported_from_elsewhere_belongs_to_elsewhere(file: Declared) -> None:
    @job()
    async def bake(order: Bake) -> None: ...

    here = file(bake)
    there = ModuleType("other_jobs")
    there.bake = here.bake  # type: ignore[attr-defined]  # a module takes any attribute
    book = JobBook()

    book.read("other", there)

    assert len(book) == 0


def test_two_jobs_may_not_take_the_same_order(file: Declared) -> None:
    @job()
    async def bake(order: Bake) -> None: ...

    @job()
    async def bake_again(order: Bake) -> None: ...

    with pytest.raises(BootRefused, match=r"^Two jobs take Bake: bakery\.bake and bakery\.bake_again\.$"):
        JobBook().read("bakery", file(bake, bake_again))


def test_two_jobs_may_not_have_the_same_name(file: Declared) -> None:
    @job()
    async def bake(order: Bake) -> None: ...

    book = JobBook()
    book.read("bakery", file(bake))

    with pytest.raises(BootRefused, match=r"^Two jobs are named bakery\.bake\.$"):
        book.read("bakery", sys.modules["bakery_jobs"])


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"what": int}, "neither its order"),
        ({"what": "Nowhere"}, "cannot be read"),
        ({"first": Bake, "second": Grown}, "takes two orders, Bake and Grown"),
        ({"first": JobRun, "second": JobRun}, "two parameters of the type JobRun"),
        ({}, None),
    ],
)
def test_parameters_are_found_by_their_annotations(file: Declared, parameters: dict[str, Any], sentence: str | None) -> None:
    scope: dict[str, Any] = {}
    exec(f"async def bake({', '.join(parameters)}): ...", scope)
    function = scope["bake"]
    function.__annotations__ = dict(parameters)

    if sentence is None:
        JobBook().read("bakery", file(job()(function)))
        return
    with pytest.raises(BootRefused, match=f"^The job bakery.bake .*{sentence}"):
        JobBook().read("bakery", file(job()(function)))


def test_a_function_that_is_not_async_cannot_have_a_unit(file: Declared) -> None:
    @job()
    def bake(uow: UnitOfWork) -> None: ...

    with pytest.raises(BootRefused, match="is not async"):
        JobBook().read("bakery", file(bake))


def test_a_schedule_takes_no_order(file: Declared) -> None:
    @every(timedelta(minutes=1))
    async def bake(order: Bake) -> None: ...

    with pytest.raises(BootRefused, match="has a schedule, so it cannot take an order"):
        JobBook().read("bakery", file(bake))


def test_arguments_by_position_are_refused(file: Declared) -> None:
    @job()
    async def bake(*orders: Bake) -> None: ...

    with pytest.raises(BootRefused, match="by name"):
        JobBook().read("bakery", file(bake))


def test_an_order_that_cannot_be_json_is_refused() -> None:
    with pytest.raises(BootRefused, match="Grown has version 2 and no classmethod upgrade"):
        Codec(Grown)


def test_an_order_that_does_not_fit_gives_up_without_telling_its_values() -> None:
    with pytest.raises(GiveUp) as told:
        Codec(Bake).decode({"loaf": ["a secret"]}, 1)

    assert "loaf" in str(told.value)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "options",
    [
        {"queue": "a,b"},
        {"queue": ""},
        {"attempts": 0},
        {"concurrency": 0},
        {"timeout": timedelta(0)},
        {"history": timedelta(seconds=-1)},
        {"rate": "often"},
        {"rate": "0/m"},
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        job(**options)


@pytest.mark.parametrize(("expression", "zone"), [("often", "UTC"), ("* * * * *", "Mars/Olympus"), ("0 0 30 2 *", "UTC")])
def test_a_cron_expression_that_names_nothing_is_refused(expression: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cron(expression, zone=zone)


def test_a_period_of_almost_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="100 ms"):
        every(timedelta(milliseconds=1))
