"""`@cached` keeps the signature, and says at once what it cannot keep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type
from uuid import UUID

import pytest

from mainspring.core.application import Application
from mainspring.core.cache import Cache, cached
from mainspring.core.cache.declaring import name_of
from mainspring.core.observability.metrics.instruments import BOOK
from mainspring.testing.databases import settings_for

CALLS: list[tuple[Any, ...]] = []


@cached
async def squared(application: Application, number: int) -> int:
    """The square of a number."""
    CALLS.append(("squared", number))
    return number * number


@cached(ttl=60, tags=("words", "word:{word}:{size}"))
async def words(application: Application, word: str, size: int = 2, *, end: str = "") -> list[str]:
    CALLS.append(("words", word, size, end))
    return [word + end] * size


@cached(version=2)
async def of_type(application: Application, value: object) -> str:
    CALLS.append(("of_type", value))
    return type(value).__name__


@cached
async def of_unknown(application: "NotImported", number: int) -> "int":  # type: ignore[name-defined]  # noqa: F821
    return number


@cached
async def unknown(application: Application, number: int) -> "NotImported":  # type: ignore[name-defined]  # noqa: F821
    return number


class Holder:
    """Anything that holds the application."""

    def __init__(self, application: Application) -> None:
        self.application = application

    @cached
    async def answer(self, number: int) -> int | None:
        CALLS.append(("answer", number))
        return None


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    CALLS.clear()
    application = Application(settings_for(f"sqlite:///{tmp_path / 'a.db'}", tmp_path, {}), [])
    yield application
    from mainspring.core.runtime import Runtime

    application.resolve(Runtime).close()


async def test_the_signature_and_the_type_stay(application: Application) -> None:
    assert_type(await squared(application, 3), int)
    assert_type(await words(application, "a", end="!"), list[str])
    assert_type(await Holder(application).answer(1), int | None)

    assert squared.__name__ == "squared"
    assert squared.__doc__ == "The square of a number."


async def test_a_call_written_in_another_way_is_the_same_call(application: Application) -> None:
    first = await words(application, "a", 2)
    assert first == await words(application, "a") == await words(application, size=2, word="a") == ["a", "a"]
    assert await words(application=application, word="a", end="") == first

    assert CALLS == [("words", "a", 2, "")]


async def test_arguments_of_other_types_are_other_calls(application: Application) -> None:
    values = [1, True, 1.0, "1", b"1", None, "", [], (1,), [1], UUID(int=1)]

    answers = [await of_type(application, value) for _ in range(2) for value in values]

    assert answers == [type(value).__name__ for value in values] * 2
    assert len(CALLS) == len(values)


async def test_a_call_that_does_not_fit_is_refused_as_python_does(application: Application) -> None:
    for call in (
        lambda: words(application),  # type: ignore[call-arg]
        lambda: words(application, "a", 1, "!"),  # type: ignore[call-arg, misc]
        lambda: words(application, "a", word="a"),  # type: ignore[misc]
        lambda: words(application, "a", unknown=1),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError, match="argument"):
            await call()
    assert CALLS == []


async def test_a_tag_of_the_function_and_its_templates_invalidate(application: Application) -> None:
    cache = application.resolve(Cache)

    async def calls() -> int:
        before = len(CALLS)
        await words(application, "a")
        await words(application, "b")
        return len(CALLS) - before

    assert [await calls(), await calls()] == [2, 0]
    cache.invalidate("word:a:2")
    assert await calls() == 1
    cache.invalidate("words")
    assert await calls() == 2
    cache.invalidate(name_of(words))
    assert await calls() == 2
    cache.invalidate("word:c:2")
    assert await calls() == 0


async def test_every_name_has_its_figures(application: Application) -> None:
    name = name_of(squared)
    hits, loads = (BOOK.declared[f"mainspring_cache_{kind}_total"] for kind in ("hits", "loads"))
    before = hits.of(name, "memory").value, loads.of(name).value

    for _ in range(5):
        await squared(application, 12)

    assert (hits.of(name, "memory").value - before[0], loads.of(name).value - before[1]) == (4, 1)


async def test_an_argument_that_is_no_value_is_refused(application: Application) -> None:
    with pytest.raises(TypeError, match="cannot be part of a key"):
        await of_type(application, object())


async def test_only_the_type_of_the_answer_must_be_there_at_run_time(application: Application) -> None:
    assert await of_unknown(application, 5) == 5
    with pytest.raises(TypeError, match="not imported"):
        await unknown(application, 5)


async def test_a_first_argument_without_a_cache_is_refused() -> None:
    with pytest.raises(TypeError, match="unit of work, the application"):
        await squared("nothing", 1)  # type: ignore[arg-type]


def test_what_cannot_be_cached_is_refused_where_it_stands() -> None:
    with pytest.raises(TypeError, match="what it answers"):

        @cached
        async def vague(application: Application):  # type: ignore[no-untyped-def]
            return 1

    with pytest.raises(TypeError, match="any number"):

        @cached
        async def many(application: Application, *numbers: int) -> int:
            return sum(numbers)

    with pytest.raises(TypeError, match="names no parameter"):

        @cached(tags=("product:{id}",))
        async def other(application: Application, number: int) -> int:
            return number

    with pytest.raises(TypeError, match="async def"):

        @cached
        def plain(application: Application) -> int:  # type: ignore[misc]
            return 1

    with pytest.raises(TypeError, match="neither a unit"):

        @cached
        async def alone() -> int:
            return 1

    with pytest.raises(TypeError, match="is not cached"):
        name_of(len)
