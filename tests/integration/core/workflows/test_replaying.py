"""A replay finds the code as it was, or the workflow is stuck with a sentence that says what differs."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import Backoff
from mainspring.core.module import BootRefused
from mainspring.core.workflows import Call, Flow, durable
from tests.integration.core.workflows.sagas import EFFECTS, do

CODE: list[str] = []


@dataclass(frozen=True, slots=True)
class Changing:
    trip: UUID
    folder: str = ""
    trouble: str = ""


@durable(attempts=2, backoff=Backoff(timedelta(0), 1, timedelta(0)), name="sagas.changing")
async def changing(flow: Flow, wish: Changing) -> str:
    """Does what CODE says: the test changes it between two runs."""
    for line in list(CODE):
        kind, name = line.split()
        match kind:
            case "step":
                await flow.step(name, step, (wish.trip, name), undo=unstep)
            case "number":
                await flow.step(name, number, wish.trip)
            case "call":
                await flow.call(name, call, wish.trip)
            case "wait":
                await flow.signal(name, str)
    return "done"


async def step(uow: UnitOfWork, named: tuple[UUID, str]) -> None:
    await do(uow, Changing(named[0]), named[1])


async def unstep(uow: UnitOfWork, named: tuple[UUID, str], answer: None) -> None:
    await do(uow, Changing(named[0]), f"un{named[1]}")


async def number(uow: UnitOfWork, trip: UUID) -> int:
    return 7


async def call(call: Call, trip: UUID) -> str:
    return call.key


DIFFERENCES = {
    "another name": (["step b"], "Step 1 was the step 'a' when it ran, and is the step 'b' in the code now."),
    "another kind": (["call a"], "Step 1 was the step 'a' when it ran, and is the call 'a' in the code now."),
    "one more": (["step z", "step a", "wait x"], "Step 1 was the step 'a' when it ran, and is the step 'z' in the code now."),
    "one less": ([], "The code ends before step 1, the step 'a', which has run."),
    "another answer": (["number a", "wait x"], "Step 1, the step 'a': its stored answer is no <class 'int'> (1 mistakes)."),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
async def test_code_that_differs_makes_the_workflow_stuck(application, workflows, work, difference):
    code, sentence = DIFFERENCES[difference]
    CODE[:] = ["step a", "wait x", "step c"]
    wish = Changing(ids.new())
    async with application.unit() as uow:
        id = await workflows.start(uow, wish)
    await work()
    async with application.unit() as uow:
        await workflows.signal(uow, id, "x", "go on")

    CODE[:] = code
    await work()

    instance = await workflows.status(id)
    assert (instance.state, instance.trouble) == ("stuck", sentence)
    async with application.reading() as uow:
        assert await uow.all(EFFECTS, trip=str(wish.trip)) == ["a"]


async def test_the_code_may_grow_behind_what_has_run(application, workflows, work):
    CODE[:] = ["step a", "wait x"]
    wish = Changing(ids.new())
    async with application.unit() as uow:
        id = await workflows.start(uow, wish)
    await work()
    async with application.unit() as uow:
        await workflows.signal(uow, id, "x", "go on")

    CODE[:] = ["step a", "wait x", "step b", "step b"]
    await work()

    assert await workflows.outcome(id) == "done"
    async with application.reading() as uow:
        assert await uow.all(EFFECTS, trip=str(wish.trip)) == ["a", "b", "b"]


def test_two_workflows_of_one_name_are_refused():
    async def one(flow: Flow, wish: UUID) -> None: ...

    async def other(flow: Flow, wish: bytes) -> None: ...

    durable(name="sagas.twice")(one)
    with pytest.raises(BootRefused, match=r"sagas\.twice"):
        durable(name="sagas.twice")(other)


def test_a_workflow_says_what_it_takes_and_answers():
    async def silent(flow: Flow, wish: UUID): ...

    with pytest.raises(TypeError, match="say what it answers"):
        durable()(silent)
