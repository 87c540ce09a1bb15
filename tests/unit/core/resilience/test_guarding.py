"""A port that fails is left alone in time, and gets exactly one probe (R-291)."""

import asyncio
from datetime import timedelta
from typing import Protocol

import pytest

from mainspring.core import clock
from mainspring.core.errors import PaymentRefused, Unavailable
from mainspring.core.observability.logs import captured_logs
from mainspring.core.registry import Registry
from mainspring.core.resilience import CircuitOpen, DidNotAnswer, NotDone, Policy, TooBusy, guarded
from mainspring.core.resilience.guarding import CALLS, RETRIES

pytestmark = pytest.mark.anyio
MOMENT = timedelta(milliseconds=1)


class Bank(Protocol):
    """A port."""

    async def ask(self, what: str) -> str: ...


class Fragile:
    """Answers what the test lines up: texts, errors, or awaitables that hang."""

    city = "Bern"

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.running = self.most = 0

    async def ask(self, what: str) -> str:
        self.asked.append(what)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            answer = self.answers.pop(0) if self.answers else "yes"
            if isinstance(answer, asyncio.Event):
                await answer.wait()
                return "late"
            await asyncio.sleep(0)
            if isinstance(answer, BaseException):
                raise answer
            return str(answer)
        finally:
            self.running -= 1

    async def twice(self, what: str) -> str:
        return await self.ask(what) + await self.ask(what)

    def name(self) -> str:
        return "fragile"


def policy(**changes: object) -> Policy:
    base: dict[str, object] = {"name": "bank", "pause": MOMENT, "idempotent": frozenset({"ask"})}
    return Policy(**{**base, **changes})  # type: ignore[arg-type]  # the tests' own


def guard(bank: Fragile, **changes: object) -> Fragile:
    return guarded(lambda: bank, policy(**changes))()


@pytest.fixture
def moves(monkeypatch):
    """A clock that the test moves on by hand."""
    times = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: times[0])

    def forward(seconds: float) -> None:
        times[0] += seconds

    return forward


async def test_it_passes_for_the_implementation():
    ports = Registry()
    ports.singleton(Bank, guarded(lambda: Fragile(), policy()))
    bank = ports.resolve(Bank)

    assert isinstance(bank, Fragile)
    assert bank is ports.resolve(Bank)
    assert (bank.city, bank.name(), await bank.ask("this"), bank.asked) == ("Bern", "fragile", "yes", ["this"])


async def test_a_factory_keeps_its_arguments():
    make = guarded(lambda answer: Fragile(answer), policy())

    assert await make("maybe").ask("this") == "maybe"


async def test_what_may_be_repeated_is_repeated_until_it_works():
    retried = RETRIES.of("bank", "ask").value
    bank = guard(Fragile(Unavailable(), ConnectionResetError(), "yes"))

    assert await bank.ask("this") == "yes"
    assert bank.asked == ["this"] * 3
    assert RETRIES.of("bank", "ask").value == retried + 2


async def test_it_gives_up_after_its_tries_with_the_last_error():
    bank = guard(Fragile(Unavailable("one"), Unavailable("two"), Unavailable("three"), "yes"))

    with pytest.raises(Unavailable, match="three"):
        await bank.ask("this")


@pytest.mark.parametrize("error", [Unavailable(), TimeoutError(), ConnectionResetError(), OSError()])
async def test_what_may_have_happened_is_not_repeated(error):
    bank = guard(Fragile(error, "yes"), idempotent=frozenset())

    with pytest.raises(Unavailable):
        await bank.ask("this")

    assert bank.asked == ["this"]


async def test_what_certainly_did_not_happen_is_repeated_whatever_it_is():
    bank = guard(Fragile(NotDone(), "yes"), idempotent=frozenset())

    assert await bank.ask("this") == "yes"


@pytest.mark.parametrize("error", [PaymentRefused(), KeyError("a bug")])
async def test_a_refusal_and_a_bug_are_not_repeated(error):
    bank = guard(Fragile(error, "yes"))

    with pytest.raises(type(error)):
        await bank.ask("this")

    assert bank.asked == ["this"]


async def test_a_call_that_hangs_ends_at_its_time_limit():
    bank = guard(Fragile(asyncio.Event(), "yes"), timeout=timedelta(milliseconds=20), idempotent=frozenset())

    with pytest.raises(DidNotAnswer):
        await bank.ask("this")

    assert bank.running == 0


async def test_the_deadline_counts_all_tries():
    bank = guard(
        Fragile(*(asyncio.Event() for _ in range(9))), timeout=timedelta(milliseconds=30), deadline=timedelta(milliseconds=50)
    )

    with pytest.raises(DidNotAnswer):
        await bank.ask("this")

    assert len(bank.asked) <= 2


async def test_many_failures_open_the_circuit_and_nobody_is_asked(moves):
    bank = guard(Fragile(*(Unavailable() for _ in range(5))), attempts=1)
    with captured_logs() as lines:
        for _ in range(5):
            with pytest.raises(Unavailable):
                await bank.ask("this")

    with pytest.raises(CircuitOpen) as refused:
        await bank.ask("this")

    assert len(bank.asked) == 5
    assert refused.value.retry_after == pytest.approx(5.0)
    assert [line["message"] for line in lines] == ["circuit_opened"]


async def test_refusals_are_answers_and_open_nothing():
    bank = guard(Fragile(*(PaymentRefused() for _ in range(30))), attempts=1)

    for _ in range(30):
        with pytest.raises(PaymentRefused):
            await bank.ask("this")

    assert await bank.ask("this") == "yes"


async def test_a_few_failures_among_many_answers_open_nothing():
    answers = [Unavailable() if number % 4 == 0 else "yes" for number in range(80)]
    bank = guard(Fragile(*answers), attempts=1)

    results = await asyncio.gather(*(bank.ask("this") for _ in range(80)), return_exceptions=True)

    assert results.count("yes") == 60
    assert not any(isinstance(result, CircuitOpen) for result in results)


async def opened(bank: Fragile) -> None:
    for _ in range(5):
        with pytest.raises(Unavailable):
            await bank.ask("before")
    bank.asked.clear()


async def test_exactly_one_of_many_is_the_probe(moves):
    answer = asyncio.Event()
    bank = guard(Fragile(*(Unavailable() for _ in range(5)), answer), attempts=1)
    await opened(bank)
    moves(5.1)

    callers = [asyncio.create_task(bank.ask("probe")) for _ in range(50)]
    await asyncio.sleep(0.01)
    refused = [caller for caller in callers if caller.done() and isinstance(caller.exception(), CircuitOpen)]

    assert (len(bank.asked), len(refused)) == (1, 49)
    answer.set()
    await asyncio.wait(callers)
    assert await asyncio.gather(*(bank.ask("after") for _ in range(20))) == ["yes"] * 20


async def test_a_probe_that_fails_opens_it_for_twice_as_long(moves):
    bank = guard(Fragile(*(Unavailable() for _ in range(6))), attempts=1)
    await opened(bank)
    moves(5.1)
    with pytest.raises(Unavailable):
        await bank.ask("probe")

    moves(5.1)
    with pytest.raises(CircuitOpen):
        await bank.ask("too early")
    moves(5.0)

    assert await bank.ask("second probe") == "yes"


async def test_a_probe_whose_caller_left_lets_the_next_one_probe(moves):
    bank = guard(Fragile(*(Unavailable() for _ in range(5)), asyncio.Event()), attempts=1)
    await opened(bank)
    moves(5.1)
    probe = asyncio.create_task(bank.ask("probe"))
    await asyncio.sleep(0.01)

    probe.cancel()
    await asyncio.wait([probe])

    assert await bank.ask("next") == "yes"


async def test_a_late_answer_from_before_closes_nothing(moves):
    early = asyncio.Event()
    bank = guard(Fragile(early, *(Unavailable() for _ in range(5))), attempts=1)
    late = asyncio.create_task(bank.ask("early"))
    await asyncio.sleep(0)
    await opened(bank)

    early.set()
    assert await late == "late"

    with pytest.raises(CircuitOpen):
        await bank.ask("this")


async def test_no_more_run_at_once_than_have_slots_and_the_rest_is_shed():
    bank = guard(Fragile(), concurrency=3, queue=4)
    bank.answers = [gates := asyncio.Event()] * 3  # type: ignore[assignment]  # see Fragile

    callers = [asyncio.create_task(bank.ask("this")) for _ in range(10)]
    await asyncio.sleep(0.01)
    shed = [caller for caller in callers if caller.done()]

    assert (bank.running, len(shed)) == (3, 3)
    assert all(isinstance(caller.exception(), TooBusy) for caller in shed)
    gates.set()
    await asyncio.wait(callers)
    assert bank.most == 3


async def test_those_who_wait_come_in_order():
    gate = asyncio.Event()
    bank = guard(Fragile(gate), concurrency=1)
    callers = [asyncio.create_task(bank.ask(str(number))) for number in range(5)]
    await asyncio.sleep(0.01)

    gate.set()
    await asyncio.gather(*callers)

    assert bank.asked == ["0", "1", "2", "3", "4"]


async def test_waiting_longer_than_the_deadline_is_being_shed():
    bank = guard(Fragile(asyncio.Event()), concurrency=1, deadline=timedelta(milliseconds=60), timeout=timedelta(seconds=1))
    first = asyncio.create_task(bank.ask("first"))
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await bank.ask("second")

    await asyncio.wait([first])
    assert await bank.ask("third") == "yes"


async def test_no_slot_is_lost_however_callers_are_cancelled():
    """Callers leave while they wait, while they run, and in the very moment in which they get a slot."""
    bank = guard(Fragile(), concurrency=2, queue=100, deadline=timedelta(seconds=20))
    for delay in range(30):
        gate = asyncio.Event()
        bank.answers = [gate, gate]
        callers = [asyncio.create_task(bank.ask("this")) for _ in range(8)]
        await asyncio.sleep(0)
        gate.set()
        for _ in range(delay % 6):
            await asyncio.sleep(0)
        for caller in callers[delay % 3 :: 2]:
            caller.cancel()
        await asyncio.wait(callers)

    assert await asyncio.wait_for(asyncio.gather(bank.ask("a"), bank.ask("b"), bank.ask("c")), 5) == ["yes"] * 3
    assert bank.most == 2


async def test_calls_to_itself_take_no_second_slot():
    bank = guard(Fragile(), concurrency=1, deadline=timedelta(seconds=5))

    assert await bank.twice("this") == "yesyes"


async def test_how_calls_ended_is_counted():
    before = {outcome: CALLS.of("counted", "ask", outcome).value for outcome in ("ok", "refused", "failed", "no answer")}
    bank = guard(
        Fragile("yes", PaymentRefused(), Unavailable(), asyncio.Event()),
        name="counted",
        attempts=1,
        timeout=timedelta(milliseconds=10),
    )

    for _ in range(4):
        await asyncio.gather(bank.ask("this"), return_exceptions=True)

    assert {outcome: CALLS.of("counted", "ask", outcome).value - value for outcome, value in before.items()} == dict.fromkeys(
        before, 1
    )


def test_a_policy_that_allows_nothing_is_refused():
    with pytest.raises(ValueError, match="bank allows nothing"):
        policy(concurrency=0)
