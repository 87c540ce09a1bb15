"""One line for every request that is completed, whatever became of it (R-123, R-124, R-337)."""

from typing import Any

from mainspring.core.http import Router
from mainspring.core.observability import captured_logs
from mainspring.core.security.guard import CurrentUser, public
from tests.integration.http.widgets import ADA

Make = Any


def routes() -> Router:
    router = Router(dependencies=[public])

    @router.get("/me")
    async def me(caller: CurrentUser) -> str:
        return caller.email

    @router.get("/bug")
    async def bug() -> str:
        raise RuntimeError("broken")

    return router


async def test_the_line_says_who_asked_for_what_and_how_it_went(client: Make) -> None:
    with captured_logs() as lines:
        answer = await client(routes()).get("/api/v1/me?token=secret", headers=ADA | {"User-Agent": "curl/8"})

    (line,) = [line for line in lines if line["logger"] == "access"]
    assert (line["method"], line["path"], line["status"], line["userAgent"]) == ("GET", "/api/v1/me", 200, "curl/8")
    assert line["requestId"] == answer.headers["x-request-id"]
    assert str(line["userId"]).startswith("09ce525e")
    assert line["ms"] >= 0
    assert "secret" not in str(lines)


async def test_a_request_is_told_when_it_starts_and_when_it_is_completed(client: Make) -> None:
    with captured_logs() as lines:
        answer = await client(routes()).get("/api/v1/me?token=secret", headers=ADA)

    started, completed = [line for line in lines if line["message"] in ("request_started", "request")]
    assert (started["message"], completed["message"]) == ("request_started", "request")
    assert (started["level"], completed["level"]) == (10, 20)  # the start only at debug: it would double the log
    assert (started["method"], started["path"]) == (completed["method"], completed["path"]) == ("GET", "/api/v1/me")
    assert started["requestId"] == completed["requestId"] == answer.headers["x-request-id"]


async def test_a_bug_is_recorded_whole_and_the_request_is_completed_too(client: Make) -> None:
    with captured_logs() as lines:
        answer = await client(routes()).get("/api/v1/bug")

    (bug,) = [line for line in lines if line["message"] == "unexpected_error"]
    (line,) = [line for line in lines if line["logger"] == "access"]
    assert "RuntimeError: broken" in bug["stack"]
    assert (bug["method"], bug["path"], bug["requestId"]) == ("GET", "/api/v1/bug", answer.headers["x-request-id"])
    assert bug["ip"]
    assert line["status"] == 500


async def test_a_refusal_is_no_error(client: Make) -> None:
    with captured_logs() as lines:
        await client(routes()).get("/api/v1/nothing")

    (refusal,) = [line for line in lines if line["message"] == "request_refused"]
    assert refusal["code"] == "NOT_FOUND"
    assert not [line for line in lines if line["message"] == "unexpected_error"]
