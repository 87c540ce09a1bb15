"""`Idempotency-Key` where a route answers with a response object of its own."""

from typing import Any

from starlette.responses import Response

from mainspring.core.http import App, Router
from mainspring.core.security.guard import public

Serve = Any


async def test_the_body_of_a_response_object_is_there_and_comes_again(web: Serve) -> None:
    router = Router(dependencies=[public])

    @router.post("/things", status_code=201, response_model=dict[str, int])
    async def make(application: App) -> Response:
        return Response(b'{"made":1}', 201, media_type="application/json")

    client = web(router)
    key = {"Idempotency-Key": "k-1"}

    first, second = [await client.post("/api/v1/things", headers=key, json={}) for _ in range(2)]

    assert (first.status_code, first.content) == (201, b'{"made":1}')
    assert (second.content, second.headers["idempotent-replayed"]) == (first.content, "true")
    assert second.headers["content-type"] == "application/json"


async def test_a_tag_beyond_a_kilobyte_is_refused(web: Serve) -> None:
    answer = await web().get("/api/v1/widgets/019b76da-a800-7000-8000-000000000000", headers={"If-None-Match": "x" * 1025})

    assert answer.status_code in (400, 401)
