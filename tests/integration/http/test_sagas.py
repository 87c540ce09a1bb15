"""A route that carries out a workflow: the `Idempotency-Key` is the workflow's key (ARCHITECTURE 10 i)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.http import Out, Router, Saga, Schema, WriteUnit
from mainspring.core.http.app import HttpApp
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import public, require
from mainspring.core.security.principal import Principal
from mainspring.core.workflows import Workflows
from tests.integration.core.workflows.sagas import PAUSES, Answer, BookTrip, Pause, SoldOut, WaitForAnswer, calls, effects
from tests.integration.http.widgets import ADA, BOB, Callers, permission

Maker = Annotated[Principal, require(permission("widgets:make", "Make widgets"))]
KEY = {"Idempotency-Key": "k-1"}


class NewTrip(Schema):
    trip: UUID
    trouble: str = ""


class TripOut(Out):
    id: UUID
    paid: str


class AnswerOut(Out):
    answer: str


@pytest.fixture
async def web(application: Application, tmp_path: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A client in front of routes that carry out workflows."""
    router = Router(prefix="/trips", tags=["trips"])

    @router.post("", status_code=201)
    async def book(body: NewTrip, maker: Maker, saga: Saga) -> TripOut:
        ticket = await saga.run(BookTrip(body.trip, str(tmp_path), body.trouble))
        return TripOut(id=ticket.trip, paid=ticket.paid)

    @router.post("/{id}/questions", status_code=201)
    async def ask(id: UUID, maker: Maker, saga: Saga) -> AnswerOut:
        return AnswerOut(answer=await saga.run(WaitForAnswer(ids.new(), str(tmp_path))))

    application.__dict__["authenticator"] = Callers()
    transport = httpx2.ASGITransport(HttpApp(application, [router]), raise_app_exceptions=False, client=("127.0.0.1", 50000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


def order(tmp_path: Any, trouble: str = "") -> tuple[BookTrip, dict[str, Any]]:
    wish = BookTrip(ids.new(), str(tmp_path), trouble)
    return wish, {"trip": str(wish.trip), "trouble": trouble}


async def test_a_repeated_request_gets_the_stored_answer(web, application, tmp_path):
    wish, body = order(tmp_path)
    first = await web.post("/api/v1/trips", headers=ADA | KEY, json=body)

    second = await web.post("/api/v1/trips", headers=ADA | KEY, json=body)

    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await effects(application, wish) == ["reserve", "confirm"]
    assert len(calls(wish)) == 1


async def test_a_refusal_is_repeated_too(web, application, tmp_path):
    wish, body = order(tmp_path, "confirm=refuse-once")
    first = await web.post("/api/v1/trips", headers=ADA | KEY, json=body)

    second = await web.post("/api/v1/trips", headers=ADA | KEY, json=body)

    assert (first.status_code, second.status_code) == (409, 409)
    assert first.json()["error"]["code"] == second.json()["error"]["code"] == SoldOut.code
    assert second.headers["idempotent-replayed"] == "true"
    assert await effects(application, wish) == ["reserve", "release"]


async def test_another_body_is_refused(web, tmp_path):
    await web.post("/api/v1/trips", headers=ADA | KEY, json=order(tmp_path)[1])

    second = await web.post("/api/v1/trips", headers=ADA | KEY, json=order(tmp_path)[1])

    assert (second.status_code, second.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_keys_of_two_callers_never_meet(web, tmp_path):
    answers = [await web.post("/api/v1/trips", headers=who | KEY, json=order(tmp_path)[1]) for who in (ADA, BOB)]

    assert [answer.status_code for answer in answers] == [201, 201]


async def test_the_first_request_still_runs(web, application, tmp_path):
    wish, body = order(tmp_path)
    pause = PAUSES[wish.trip] = Pause()
    first = asyncio.create_task(web.post("/api/v1/trips", headers=ADA | KEY, json=body))
    await pause.reached.wait()

    second = await web.post("/api/v1/trips", headers=ADA | KEY, json=body)
    pause.go_on.set()

    assert (second.status_code, second.json()["error"]["code"]) == (409, "IDEMPOTENCY_KEY_IN_FLIGHT")
    assert (await first).status_code == 201
    assert (await web.post("/api/v1/trips", headers=ADA | KEY, json=body)).headers["idempotent-replayed"] == "true"


async def test_parallel_repetitions_happen_once(web, application, tmp_path):
    wish, body = order(tmp_path)

    answers = await asyncio.gather(*(web.post("/api/v1/trips", headers=ADA | KEY, json=body) for _ in range(10)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert 201 in {answer.status_code for answer in answers}
    assert await effects(application, wish) == ["reserve", "confirm"]


async def test_a_workflow_that_waits_says_which_it_is(web, application, work, tmp_path):
    path = f"/api/v1/trips/{ids.new()}/questions"
    first = await web.post(path, headers=ADA | KEY)
    again = await web.post(path, headers=ADA | KEY)
    id = UUID(first.json()["error"]["details"]["id"])
    async with application.unit() as uow:
        await application.resolve(Workflows).signal(uow, id, "answer", Answer(True))
    await work()

    answered = await web.post(path, headers=ADA | KEY)

    assert (first.status_code, first.json()["error"]["code"]) == (409, "WORKFLOW_STILL_RUNNING")
    assert again.json()["error"]["details"] == first.json()["error"]["details"]
    assert answered.json() == {"answer": "accepted"}


async def test_without_a_key_each_request_is_one_of_its_own(web, application, tmp_path):
    wish, body = order(tmp_path)

    for _ in range(2):
        assert (await web.post("/api/v1/trips", headers=ADA, json=body)).status_code == 201

    assert await effects(application, wish) == ["reserve", "confirm"] * 2


async def test_a_saga_route_takes_no_unit(application):
    router = Router(prefix="/both", dependencies=[public])

    @router.post("", status_code=201)
    async def both(saga: Saga, uow: WriteUnit) -> AnswerOut:
        return AnswerOut(answer="")

    with pytest.raises(BootRefused, match="a WriteUnit and a Saga"):
        HttpApp(application, [router])
