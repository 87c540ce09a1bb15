"""What a process remembers of sessions: never older than a second, never against what it was told (R-108, D-06, D-22)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from mainspring.core import clock, ids
from mainspring.core.security.ports import Held, SessionState
from mainspring.core.security.snapshots import Snapshots

FAR = timedelta(days=1)


class World:
    """Sessions, rights and a clock that stands still until it is moved. `gate` holds queries back."""

    def __init__(self) -> None:
        self.users: dict[UUID, UUID] = {}
        self.held_by: dict[UUID, Held] = {}
        self.seconds = 100.0
        self.asked: list[list[UUID]] = []
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.snapshots = Snapshots(self.reading, self, self, monotonic=lambda: self.seconds)

    def sign_in(self) -> UUID:
        session = ids.new()
        self.users[session] = ids.new()
        return session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        yield None

    async def live(self, uow: Any, session_ids: Sequence[UUID]) -> dict[UUID, SessionState]:
        self.asked.append(list(session_ids))
        answer = {
            id: SessionState(id, self.users[id], "ada@example.com", clock.after(FAR)) for id in session_ids if id in self.users
        }
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return answer

    async def held(self, uow: Any, user_ids: Sequence[UUID]) -> dict[UUID, Held]:
        return {id: self.held_by[id] for id in user_ids if id in self.held_by}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.snapshots.stop()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_within_a_second_nobody_asks_twice(world: World) -> None:
    session = world.sign_in()

    await world.snapshots.of(session)
    world.seconds += 0.6
    await world.snapshots.of(session)

    assert world.asked == [[session]]


async def test_after_a_second_the_answer_is_new(world: World) -> None:
    session = world.sign_in()
    await world.snapshots.of(session)
    del world.users[session]

    world.seconds += 1.0

    assert (await world.snapshots.of(session)).state is None


async def test_the_second_counts_from_the_question_not_from_the_answer(world: World) -> None:
    session = world.sign_in()
    world.gate.clear()
    waiting = asyncio.ensure_future(world.snapshots.of(session))
    await settle()
    world.seconds += 0.8
    world.gate.set()
    await waiting

    world.seconds += 0.2
    await world.snapshots.of(session)

    assert len(world.asked) == 2


async def test_all_who_wait_share_one_question(world: World) -> None:
    sessions = [world.sign_in() for _ in range(200)]

    await asyncio.gather(*(world.snapshots.of(session) for session in sessions * 3))

    assert [len(asked) for asked in world.asked] == [200]


async def test_sessions_in_use_are_renewed_together_before_they_grow_old(world: World) -> None:
    sessions = [world.sign_in() for _ in range(200)]
    for session in sessions:  # each first seen at another moment
        await world.snapshots.of(session)
        world.seconds += 0.002
    world.asked.clear()

    for _ in range(500):  # ten seconds of use
        world.seconds += 0.02
        for session in sessions:
            await world.snapshots.of(session)
        await settle()

    assert len(world.asked) <= 20


async def test_a_renewal_keeps_nobody_waiting(world: World) -> None:
    session = world.sign_in()
    await world.snapshots.of(session)
    world.gate.clear()
    world.seconds += 0.8

    await asyncio.wait_for(world.snapshots.of(session), 1)
    await settle()

    assert len(world.asked) == 2
    world.gate.set()


async def test_a_forgotten_session_is_asked_for_at_once(world: World) -> None:
    session = world.sign_in()
    seen = await world.snapshots.of(session)
    del world.users[session]

    world.snapshots.forget_session(session)

    assert seen.fresh_until == 0
    assert (await world.snapshots.of(session)).state is None


async def test_who_holds_a_renewed_snapshot_hears_of_the_next_change_too(world: World) -> None:
    bob, ada = world.sign_in(), world.sign_in()
    held = await world.snapshots.of(bob)
    world.seconds += 0.5
    held.used_at = world.seconds
    await world.snapshots.of(ada)  # Bob joins her batch
    assert world.asked[-1] == [ada, bob]

    world.snapshots.forget_user(world.users[bob])

    assert held.fresh_until <= world.seconds
    assert held.renew_at <= world.seconds


async def test_forgetting_a_user_forgets_all_his_sessions_and_no_others(world: World) -> None:
    first, second, other = (world.sign_in() for _ in range(3))
    world.users[second] = world.users[first]
    await asyncio.gather(*map(world.snapshots.of, (first, second, other)))
    world.asked.clear()

    world.snapshots.forget_user(world.users[first])

    await asyncio.gather(*map(world.snapshots.of, (first, second, other)))
    assert [set(asked) for asked in world.asked] == [{first, second}]


@pytest.mark.parametrize("forget", ["session", "user", "all"])
async def test_an_answer_older_than_the_change_is_thrown_away(world: World, forget: str) -> None:
    session = world.sign_in()
    user = world.users[session]
    world.gate.clear()
    waiting = asyncio.ensure_future(world.snapshots.of(session))
    await settle()  # the question has been read, its answer is under way
    del world.users[session]

    match forget:
        case "session":
            world.snapshots.forget_session(session)
        case "user":
            world.snapshots.forget_user(user)
        case "all":
            world.snapshots.forget_all()
    world.gate.set()

    assert (await waiting).state is None


async def test_a_grant_ends_at_its_moment_inside_a_fresh_snapshot(world: World) -> None:
    session = world.sign_in()
    world.held_by[world.users[session]] = Held(frozenset(), frozenset({"posts:delete"}), clock.after(timedelta(seconds=0.3)))
    assert (await world.snapshots.of(session)).held.permissions == {"posts:delete"}
    world.held_by.clear()

    world.seconds += 0.31

    assert (await world.snapshots.of(session)).held.permissions == frozenset()


async def test_a_failure_reaches_all_who_wait_and_the_next_asks_again(world: World) -> None:
    session = world.sign_in()
    world.failure = ConnectionError("gone")

    answers = await asyncio.gather(*(world.snapshots.of(session) for _ in range(3)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [ConnectionError] * 3
    world.failure = None
    assert (await world.snapshots.of(session)).state is not None


async def test_one_who_leaves_does_not_take_the_others_along(world: World) -> None:
    session = world.sign_in()
    world.gate.clear()
    first, second = (asyncio.ensure_future(world.snapshots.of(session)) for _ in range(2))
    await settle()

    first.cancel()
    await settle()
    world.gate.set()

    assert (await second).state is not None


async def test_sessions_out_of_use_leave_the_memory(world: World) -> None:
    for _ in range(100):
        await world.snapshots.of(world.sign_in())
    world.seconds += 2

    await world.snapshots.of(world.sign_in())

    assert len(world.snapshots._of_session) == 1


async def test_the_memory_is_bounded() -> None:
    world = World()
    world.snapshots.capacity = 50

    for _ in range(200):
        await world.snapshots.of(world.sign_in())

    assert len(world.snapshots._of_session) <= 51
    await world.snapshots.stop()
