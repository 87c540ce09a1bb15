"""While nothing common answers, each machine lets in its share, and tells of it afterwards (D-25)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from mainspring.core.errors import TooManyRequests, Unauthenticated, Unavailable
from mainspring.core.limits.budgets import Budgets
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.limits.fair_share import FairShare
from mainspring.core.limits.lending import Lent, Wish
from mainspring.core.limits.memory import MemoryLender
from mainspring.core.limits.ports import Look
from mainspring.core.runtime import Runtime

KEY, LIMIT = "somebody", 100


class Day:
    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Far:
    """What is common, in memory; `is_up` and `answers` are set by hand."""

    def __init__(self) -> None:
        self.tallies = MemoryLender()
        self.failures: dict[str, dict[str, float]] = {}
        self.is_up = self.answers = True
        self.machines = 2
        self.deeds: list[Callable[[], Awaitable[None]]] = []

    def on_return(self, deed: Callable[[], Awaitable[None]]) -> None:
        self.deeds.append(deed)

    async def start(self) -> None:
        pass

    async def ping(self) -> None:
        self._refuse()

    async def lend(self, key: str, wish: Wish) -> Lent:
        self._refuse()
        return self.tallies.lend_at_once(key, wish)

    async def look(self, limits: Mapping[str, int], window: float) -> Look:
        self._refuse()
        counts = [len(self.failures.get(key, {})) for key in limits]
        over = any(count >= limit for count, limit in zip(counts, limits.values(), strict=True))
        return Look(60.0 if over else None, over, counts[0])

    async def begin(self, limits: Mapping[str, int], window: float, lease: float, attempt: str) -> Look:
        return await self.look(limits, window)

    async def fail(self, keys: Sequence[str], window: float, attempt: str) -> list[int]:
        self._refuse()
        for key in keys:
            self.failures.setdefault(key, {})[attempt] = 0.0
        return [len(self.failures[key]) for key in keys]

    async def forget(self, keys: Sequence[str], attempt: str) -> None:
        self._refuse()

    async def add(self, failures: Sequence[tuple[str, float, str]], window: float) -> None:
        self._refuse()
        for key, age, attempt in failures:
            self.failures.setdefault(key, {})[attempt] = age

    async def close(self) -> None:
        self.is_up = False

    async def come_back(self) -> None:
        self.is_up = self.answers = True
        for deed in self.deeds:
            await deed()

    def _refuse(self) -> None:
        if not self.answers:
            raise Unavailable


@pytest.fixture
def far() -> Far:
    return Far()


def machines_of(far: Far, day: Day, count: int = 2) -> list[Budgets[str]]:
    return [Budgets(FairShare(far, MemoryLender(), now=day), window=900, now=day) for _ in range(count)]


async def let_in(budgets: Budgets[str], most: int) -> int:
    """How many of so many requests, a second apart, came in."""
    accepted = 0
    for _ in range(most):
        budgets.now.seconds += 1.5  # type: ignore[attr-defined]
        try:
            await budgets.borrow(KEY, LIMIT)
        except TooManyRequests:
            continue
        accepted += 1
    return accepted


async def test_two_machines_count_together(far: Far) -> None:
    first, second = machines_of(far, Day())

    together = await let_in(first, 60) + await let_in(second, 60)

    assert LIMIT - 5 <= together <= LIMIT  # the first still holds a loan


@pytest.mark.parametrize("is_noticed", [True, False])
async def test_each_machine_lets_in_its_share_while_nothing_common_answers(far: Far, is_noticed: bool) -> None:
    first, second = machines_of(far, Day())
    far.answers, far.is_up = False, not is_noticed

    assert (await let_in(first, 80), await let_in(second, 80)) == (50, 50)


async def test_what_was_used_before_is_not_given_again(far: Far) -> None:
    first, second = machines_of(far, Day())
    assert (await let_in(first, 30), await let_in(second, 30)) == (30, 30)
    far.answers = far.is_up = False

    more = await let_in(first, 80) + await let_in(second, 80)

    assert 30 <= more <= 60  # the first heard last of seventy that are left, the second of forty
    assert more + 60 <= 120


async def test_never_all_closed(far: Far) -> None:
    first, _ = machines_of(far, Day())
    assert await let_in(first, 120) == LIMIT
    far.answers = far.is_up = False
    first.now.seconds += 100  # type: ignore[attr-defined]

    assert await let_in(first, 10) == 1


async def test_what_was_counted_alone_is_handed_over(far: Far) -> None:
    first, second = machines_of(far, Day())
    far.answers = far.is_up = False
    assert (await let_in(first, 40), await let_in(second, 35)) == (40, 35)

    await far.come_back()

    assert await let_in(second, 60) == 25


async def test_what_cannot_be_handed_over_is_kept(far: Far) -> None:
    (first,) = machines_of(far, Day(), 1)
    far.answers = far.is_up = False
    assert await let_in(first, 40) == 40

    far.is_up = True
    for deed in far.deeds:
        await deed()
    far.is_up = False

    assert await let_in(first, 40) == 10


async def test_a_single_call_without_an_answer_is_made_up_for(far: Far) -> None:
    first, second = machines_of(far, Day())
    far.answers = False
    assert await let_in(first, 3) == 3
    far.answers = True

    assert await let_in(first, 1) == 1
    await asyncio.sleep(0.01)

    together = await let_in(second, LIMIT)
    assert LIMIT - 9 <= together <= LIMIT - 4


async def guess(limit: FailureLimit, account: str = "ada@example.com") -> str:
    try:
        async with limit.attempt(account, "203.0.113.7"):
            raise Unauthenticated
    except Unauthenticated:
        return "wrong"
    except TooManyRequests:
        return "limited"


@pytest.fixture
def logins(far: Far, tmp_path: Path):
    """The limits on guessing of two machines."""
    runtimes = [Runtime(tmp_path / name) for name in ("one", "two")]
    yield [FailureLimit(runtime, common=far, window=timedelta(minutes=15)) for runtime in runtimes]
    for runtime in runtimes:
        runtime.close()


async def test_failures_count_together(far: Far, logins: list[FailureLimit]) -> None:
    answers = [await guess(logins[number % 2]) for number in range(7)]

    assert answers == ["wrong"] * 5 + ["limited"] * 2


@pytest.mark.parametrize("is_noticed", [True, False])
async def test_guessing_is_limited_while_nothing_common_answers(far: Far, logins: list[FailureLimit], is_noticed: bool) -> None:
    far.answers, far.is_up = False, not is_noticed

    answers = [await guess(logins[number % 2]) for number in range(8)]

    assert answers == ["wrong"] * 4 + ["limited"] * 4  # two for each machine


async def test_whoever_was_refused_here_before_is_refused_still(far: Far, logins: list[FailureLimit]) -> None:
    assert [await guess(logins[0]) for _ in range(6)] == ["wrong"] * 5 + ["limited"]
    far.answers = far.is_up = False

    assert await guess(logins[0]) == "limited"


async def test_failures_are_handed_over_once(far: Far, logins: list[FailureLimit]) -> None:
    far.answers = far.is_up = False
    assert [await guess(logins[number % 2]) for number in range(4)] == ["wrong"] * 4

    await far.come_back()
    await far.come_back()

    assert [await guess(logins[0]) for _ in range(2)] == ["wrong", "limited"]


async def test_a_failure_between_is_noted_here(far: Far, logins: list[FailureLimit]) -> None:
    async def fails_late() -> None:
        async with logins[0].attempt("ada@example.com", "203.0.113.7"):
            far.answers = far.is_up = False
            raise Unauthenticated

    with pytest.raises(Unauthenticated):
        await fails_late()

    assert [await guess(logins[0]) for _ in range(2)] == ["wrong", "limited"]


async def test_a_success_whose_end_nobody_hears_is_no_error(far: Far, logins: list[FailureLimit]) -> None:
    async with logins[0].attempt("ada@example.com", "203.0.113.7"):
        far.answers = False

    await asyncio.sleep(0)
    assert await guess(logins[0]) == "wrong"
