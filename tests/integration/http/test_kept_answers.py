"""Which answers are kept for a repeated request, how they are told apart, and how they go (ARCHITECTURE 10 i, decision 27)."""

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.database import Statement, bind, update_of
from mainspring.core.http import Answer, App, Cookie, Cookies, Router, WriteUnit, repeatable, shown_once
from mainspring.core.http.idempotency_key import KEY_PATTERN
from mainspring.core.http.kept_answers import FORGET_OLD
from mainspring.core.http.models import IdempotencyKey
from mainspring.core.security.guard import public
from tests.integration.http.widgets import ADA, ALL, MAKE, NewWidget, TooLargeButCounted, WidgetOut

Serve = Any
KEY = {"Idempotency-Key": "k-1"}
NO_KEYS = ("", '"', '""', '"a', "a b", '"a"b"', "x" * 256, f'"{"x" * 256}"')
PRINTS: Statement[str] = Statement(select(IdempotencyKey.body_sha256), str)
AGE: Statement[Any] = Statement(
    update_of(IdempotencyKey)
    .where(IdempotencyKey.key == bind("key", IdempotencyKey.key))
    .values(expires_at=bind("expires_at", IdempotencyKey.expires_at))
)
STUCK: Statement[Any] = Statement(
    update_of(IdempotencyKey).where(IdempotencyKey.key == bind("key", IdempotencyKey.key)).values(state="running")
)
KEYS: Statement[str] = Statement(select(IdempotencyKey.key).order_by(IdempotencyKey.key), str)


async def keys(whole: Application) -> list[str]:
    async with whole.reading() as uow:
        return await uow.all(KEYS)


async def count(whole: Application) -> int:
    async with whole.reading() as uow:
        return len(await uow.all(ALL))


async def test_changes_are_repeated_too(web: Serve, whole: Application) -> None:
    client = web()
    made = (await client.post("/api/v1/widgets", headers=ADA, json={"name": "a"})).json()
    path = f"/api/v1/widgets/{made['id']}"
    tag = (await client.get(path, headers=ADA)).headers["etag"]

    first = await client.patch(path, headers=ADA | KEY | {"If-Match": tag}, json={"name": "b"})
    again = await client.patch(path, headers=ADA | KEY | {"If-Match": tag}, json={"name": "b"})

    assert (first.status_code, again.status_code) == (200, 200)  # the tag is of before: it was compared once
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_key_is_for_one_path(web: Serve, whole: Application) -> None:
    client = web()
    paths = []
    for name in ("a", "b"):
        made = (await client.post("/api/v1/widgets", headers=ADA, json={"name": name})).json()
        paths.append(f"/api/v1/widgets/{made['id']}")
    await client.patch(paths[0], headers=ADA | KEY, json={"name": "c"})

    other = await client.patch(paths[1], headers=ADA | KEY, json={"name": "c"})

    assert (other.status_code, other.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_headers_of_the_route_are_given_again(web: Serve, whole: Application) -> None:
    router = Router(prefix="/made", dependencies=[public])

    @router.post("", status_code=201)
    async def make(body: NewWidget, uow: WriteUnit, answer: Answer) -> WidgetOut:
        row = await uow.only(MAKE, name=body.name, size=1)
        answer.location("/somewhere/else")
        answer.header("X-Colour", "red")
        return WidgetOut.of(row)

    client = web(router)
    first = await client.post("/api/v1/made", headers=KEY, json={"name": "a"})
    again = await client.post("/api/v1/made", headers=KEY, json={"name": "a"})

    changing = {"date", "x-request-id", "ratelimit", "idempotent-replayed"}
    told = [{name: value for name, value in answer.headers.items() if name not in changing} for answer in (first, again)]
    assert told[0] == told[1]
    assert (told[1]["location"], told[1]["x-colour"]) == ("/somewhere/else", "red")


@pytest.mark.parametrize("sent", ['"k-1"', "k-1"])
async def test_a_quoted_key_is_the_same_key(web: Serve, whole: Application, sent: str) -> None:
    client = web()
    await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"})

    again = await client.post("/api/v1/widgets", headers=ADA | {"Idempotency-Key": sent}, json={"name": "a"})

    assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("sent", [*NO_KEYS, "é".encode("latin-1")])
async def test_what_is_no_key_is_refused(web: Serve, whole: Application, sent: Any) -> None:
    answer = await web().post("/api/v1/widgets", headers=[*ADA.items(), ("Idempotency-Key", sent)], json={"name": "a"})

    assert answer.status_code == 400
    assert await count(whole) == 0


@pytest.mark.parametrize("sent", ['"k 1"', r'"a\"b\\"', "!", "a#b", "x" * 255, f'"{"x" * 255}"'])
async def test_the_contract_states_the_form_of_a_key(web: Serve, sent: str) -> None:
    answer = await web().post("/api/v1/widgets", headers=ADA | {"Idempotency-Key": sent}, json={"name": "a"})

    assert answer.status_code == 201
    assert re.search(KEY_PATTERN, sent)
    assert not any(re.search(KEY_PATTERN, wrong) for wrong in (*NO_KEYS, "é"))


async def test_two_keys_are_none(web: Serve, whole: Application) -> None:
    both = [*ADA.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    assert (await web().post("/api/v1/widgets", headers=both, json={"name": "a"})).status_code == 400


async def test_secrets_and_cookies_are_not_kept(web: Serve, whole: Application) -> None:
    router = Router(prefix="/secrets", dependencies=[public], never_stored=True)

    @router.post("/shown", status_code=201, dependencies=[shown_once])
    async def shown(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        return WidgetOut.of(await uow.only(MAKE, name=body.name, size=1))

    @router.post("/told")
    async def told(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        return WidgetOut.of(await uow.only(MAKE, name=body.name, size=1))

    @router.post("/baked", status_code=201)
    async def baked(body: NewWidget, uow: WriteUnit, cookies: Cookies, answer: Answer) -> WidgetOut:
        answer.cookie(Cookie("a", "b", timedelta(1), "/", False))
        return WidgetOut.of(await uow.only(MAKE, name=body.name, size=1))

    @router.post("/open", dependencies=[repeatable])
    async def opened(body: NewWidget, uow: WriteUnit) -> WidgetOut:
        return WidgetOut.of(await uow.only(MAKE, name=body.name, size=1))

    client = web(router)
    for path in ("shown", "told", "baked", "open"):
        answer = await client.post(f"/api/v1/secrets/{path}", headers={"Idempotency-Key": path}, json={"name": path})
        assert answer.status_code in (200, 201), answer.text

    assert await keys(whole) == ["open"]


async def test_the_table_does_not_tell_what_was_asked(web: Serve, whole: Application) -> None:
    body = b'{"name":"secret"}'
    await web().post("/api/v1/widgets", headers=ADA | KEY | {"Content-Type": "application/json"}, content=body)

    async with whole.reading() as uow:
        (kept,) = await uow.all(PRINTS)
    assert len(kept) == 64
    assert kept != sha256(body).hexdigest()


async def test_writes_that_outlive_a_refusal_are_kept_with_it(web: Serve, whole: Application) -> None:
    client = web()
    first = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a", "size": 5000})
    again = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a", "size": 5000})

    assert TooLargeButCounted.keep_writes
    assert (first.status_code, again.content) == (409, first.content)
    assert await count(whole) == 1


async def test_old_answers_go(web: Serve, whole: Application) -> None:
    client = web()
    for key in ("new", "old"):
        await client.post("/api/v1/widgets", headers=ADA | {"Idempotency-Key": key}, json={"name": key})
    async with whole.unit() as uow:
        await uow.run(AGE, key="old", expires_at=clock.after(timedelta(seconds=-1)))

    async with whole.unit() as uow:
        assert await uow.run(FORGET_OLD, now=clock.now(), limit=10) == 1

    assert await keys(whole) == ["new"]


async def test_a_key_whose_time_is_over_is_free(web: Serve, whole: Application) -> None:
    client = web()
    await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "a"})
    async with whole.unit() as uow:
        await uow.run(AGE, key="k-1", expires_at=clock.after(timedelta(seconds=-1)))

    answer = await client.post("/api/v1/widgets", headers=ADA | KEY, json={"name": "b"})

    assert (answer.status_code, "idempotent-replayed" in answer.headers, await count(whole)) == (201, False, 2)


async def test_work_that_a_dead_process_left_is_no_obstacle(web: Serve, whole: Application) -> None:
    router = Router(prefix="/deeds", dependencies=[public])

    @router.post("", status_code=202)
    async def deed(body: NewWidget, application: App) -> WidgetOut:
        async with application.unit() as uow:
            return WidgetOut.of(await uow.only(MAKE, name=f"{body.name} {clock.now()}", size=1))

    client = web(router)
    await client.post("/api/v1/deeds", headers=KEY, json={"name": "a"})
    async with whole.unit() as uow:
        await uow.run(STUCK, key="k-1")

    at_once = await client.post("/api/v1/deeds", headers=KEY, json={"name": "a"})
    async with whole.unit() as uow:
        await uow.run(AGE, key="k-1", expires_at=clock.after(timedelta(seconds=-1)))
    later = await client.post("/api/v1/deeds", headers=KEY, json={"name": "a"})

    assert at_once.status_code == (202 if whole.database.dialect == "sqlite" else 409)  # decision 27
    assert later.status_code == 202
