"""Requests are limited by address, by user and by route; what clients write about themselves changes nothing (R-161 to R-170)."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from mainspring.core.errors import NotFound
from mainspring.core.http import CallContext, Router, limit
from mainspring.core.http.app import HttpApp
from mainspring.core.http.limiting import RouteLimit
from mainspring.core.observability import health
from mainspring.core.security.guard import CurrentUser, Visitor, public
from tests.integration.http.widgets import ADA

Programs = Callable[..., HttpApp]
Asks = Callable[..., Any]
LIMITS = {"RATE_LIMITS__ANONYMOUS": "3/15m", "RATE_LIMITS__SIGNED_IN": "5/1h"}
BOB = {"Authorization": "Bearer bob"}
WRONG = {"Authorization": "Bearer wrong"}


def routes() -> Router:
    router = Router()

    @router.get("/open", dependencies=[public])
    async def see() -> str:
        return "seen"

    @router.get("/mine")
    async def see_mine(caller: CurrentUser) -> str:
        return caller.email

    @router.get("/visit")
    async def visit(visitor: Visitor) -> str:
        return visitor.email if visitor else "nobody"

    @router.post("/report", dependencies=[limit("2/1m")])
    async def order_report(caller: CurrentUser) -> str:
        return "ordered"

    @router.post("/door", dependencies=[public, limit("2/1m", by="address")])
    async def knock(context: CallContext) -> str:
        raise NotFound

    @router.post("/bell", dependencies=[public, limit("2/1m", by="everyone")])
    async def ring() -> str:
        return "rang"

    @router.post("/letters", dependencies=[public, limit("1/1m", by=lambda context: context.header(b"x-letter"))])
    async def write() -> str:
        return "written"

    return router


@pytest.fixture
def asks(programs: Programs) -> Asks:
    """`asks(path, address=..., **options)` sends one request to a program with small limits."""
    program: list[HttpApp] = []

    async def ask(
        path: str, *, address: str = "203.0.113.7", method: str = "GET", settings: dict[str, str] | None = None, **options: Any
    ) -> httpx2.Response:
        if not program:
            program.append(programs(routes(), health.router, **(LIMITS | (settings or {}))))
        transport = httpx2.ASGITransport(app=program[0], raise_app_exceptions=False, client=(address, 50000))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, path, **options)

    return ask


async def statuses(asks: Asks, path: str, times: int, **options: Any) -> list[int]:
    return [(await asks(path, **options)).status_code for _ in range(times)]


async def test_an_address_has_so_many_requests(asks: Asks) -> None:
    assert await statuses(asks, "/api/v1/open", 5) == [200, 200, 200, 429, 429]
    assert await statuses(asks, "/api/v1/open", 1, address="203.0.113.8") == [200]


async def test_the_refusal_says_when_to_come_back(asks: Asks) -> None:
    await statuses(asks, "/api/v1/open", 3)

    answer = await asks("/api/v1/open")

    assert answer.json()["error"] == {"code": "RATE_LIMITED", "message": "Too many requests. Try again later.", "details": None}
    wait = int(answer.headers["Retry-After"])
    assert 890 <= wait <= 910
    assert answer.headers["RateLimit-Policy"] == '"anonymous";q=3;w=900'
    assert answer.headers["RateLimit"] == f'"anonymous";r=0;t={wait}'
    assert {"x-request-id", "content-security-policy"} <= set(answer.headers)


async def test_every_answer_says_what_is_left(asks: Asks) -> None:
    first, second = [await asks("/api/v1/open") for _ in range(2)]
    missing = await asks("/api/v1/nothing")

    assert first.headers["RateLimit"] == '"anonymous";r=2;t=900'
    assert second.headers["RateLimit"].startswith('"anonymous";r=1;t=')
    assert missing.status_code == 404
    assert missing.headers["RateLimit"].startswith('"anonymous";r=0;t=')
    assert not {name for name in first.headers if name.startswith(("ratelimit-l", "ratelimit-r", "x-ratelimit"))}


async def test_older_headers_come_when_they_are_asked_for(asks: Asks) -> None:
    answer = await asks("/api/v1/report", method="POST", headers=ADA, settings={"RATE_LIMIT_HEADERS": "draft-6,x-ratelimit"})

    assert answer.headers["RateLimit-Policy"] == '"signed-in";q=5;w=3600, "orderReport";q=2;w=60'
    assert answer.headers["RateLimit"] == '"signed-in";r=4;t=3600, "orderReport";r=1;t=60'
    for prefix in ("RateLimit", "X-RateLimit"):  # of the tightest
        found = [answer.headers[f"{prefix}-{name}"] for name in ("Limit", "Remaining", "Reset")]
        assert found == ["2", "1", "60"]


@pytest.mark.parametrize("path", ["/live", "/ready", "/health", "/metrics"])
async def test_health_is_never_limited(asks: Asks, path: str) -> None:
    answers = [await asks(path) for _ in range(6)]

    assert 429 not in {answer.status_code for answer in answers}
    assert "RateLimit" not in answers[0].headers


@pytest.mark.parametrize(
    "said",
    [
        {"X-Forwarded-For": "198.51.100.{}"},
        {"Forwarded": "for=198.51.100.{}"},
        {"X-Real-IP": "198.51.100.{}"},
        {"X-Forwarded-For": "198.51.100.{}", "X-Client-IP": "198.51.100.{}", "True-Client-IP": "198.51.100.{}"},
    ],
)
async def test_what_a_client_says_of_its_address_changes_nothing(asks: Asks, said: dict[str, str]) -> None:
    sent = [{name: value.format(number) for name, value in said.items()} for number in range(5)]

    found = [(await asks("/api/v1/open", headers=headers)).status_code for headers in sent]

    assert found == [200, 200, 200, 429, 429]


async def test_behind_a_trusted_proxy_the_entry_it_wrote_counts(asks: Asks) -> None:
    async def ask(forwarded: str) -> int:
        answer = await asks(
            "/api/v1/open", address="10.0.0.1", headers={"X-Forwarded-For": forwarded}, settings={"TRUSTED_PROXIES": "10.0.0.0/8"}
        )
        return int(answer.status_code)

    spoofed = [await ask(f"198.51.100.{number}, 203.0.113.9") for number in range(5)]

    assert spoofed == [200, 200, 200, 429, 429]
    assert await ask("203.0.113.9, 198.51.100.1") == 200


async def test_an_ipv6_subscriber_is_one_address(asks: Asks) -> None:
    found = [(await asks("/api/v1/open", address=f"2001:db8:1:2::{number:x}")).status_code for number in range(5)]

    assert found == [200, 200, 200, 429, 429]
    assert await statuses(asks, "/api/v1/open", 1, address="2001:db8:1:3::1") == [200]
    assert await statuses(asks, "/api/v1/open", 4, address="::ffff:203.0.113.20") == [200, 200, 200, 429]
    assert await statuses(asks, "/api/v1/open", 1, address="203.0.113.20") == [429]


async def test_a_user_has_a_budget_of_his_own_wherever_he_is(asks: Asks) -> None:
    await statuses(asks, "/api/v1/open", 4)

    from_here = await statuses(asks, "/api/v1/mine", 3, headers=ADA)
    from_there = await statuses(asks, "/api/v1/visit", 3, headers=ADA, address="203.0.113.8")

    assert from_here + from_there == [200] * 5 + [429]
    assert await statuses(asks, "/api/v1/mine", 1, headers=BOB) == [200]
    assert await statuses(asks, "/api/v1/open", 1, address="203.0.113.8") == [200]


async def test_a_wrong_token_counts_for_the_address(asks: Asks) -> None:
    assert await statuses(asks, "/api/v1/mine", 5, headers=WRONG) == [401, 401, 401, 429, 429]
    assert await statuses(asks, "/api/v1/open", 1) == [429]


async def test_no_token_at_a_guarded_route_counts_for_the_address(asks: Asks) -> None:
    assert await statuses(asks, "/api/v1/mine", 4) == [401, 401, 401, 429]


@pytest.mark.parametrize("path", ["/api/v1/open", "/api/v1/nothing"])
@pytest.mark.parametrize(
    "credential", [WRONG, {"X-API-Key": "x"}, {"X-Access-Token": "x"}, {"Cookie": "accessToken=x"}, {"Authorization": ""}]
)
async def test_a_made_up_credential_does_not_get_past_the_limit(asks: Asks, path: str, credential: dict[str, str]) -> None:
    found = await statuses(asks, path, 4, headers=credential)

    assert found[3] == 429
    assert 429 not in found[:3]


async def test_a_user_is_known_where_everybody_may_come_in(asks: Asks) -> None:
    assert await statuses(asks, "/api/v1/open", 6, headers=ADA) == [200] * 5 + [429]


async def test_a_route_may_have_a_limit_of_its_own(asks: Asks) -> None:
    assert await statuses(asks, "/api/v1/report", 3, method="POST", headers=ADA) == [200, 200, 429]
    assert await statuses(asks, "/api/v1/mine", 1, headers=ADA) == [200]
    assert await statuses(asks, "/api/v1/report", 1, method="POST", headers=BOB) == [200]


async def test_limits_of_routes_count_by_address_by_nothing_or_by_what_they_name(asks: Asks) -> None:
    doors = [(await asks("/api/v1/door", method="POST", address=f"203.0.113.{n}")).status_code for n in (1, 1, 1, 2)]
    bells = [(await asks("/api/v1/bell", method="POST", address=f"203.0.113.{n}")).status_code for n in (3, 4, 5)]
    letters = [
        (await asks("/api/v1/letters", method="POST", address=f"203.0.113.{n}", headers={"X-Letter": text})).status_code
        for n, text in ((6, "a"), (7, "a"), (8, "b"))
    ]

    assert (doors, bells, letters) == ([404, 404, 429, 404], [200, 200, 429], [200, 429, 200])


async def test_limits_can_be_switched_off(asks: Asks) -> None:
    found = [await asks("/api/v1/open", settings={"RATE_LIMITS": "off"}) for _ in range(5)]
    found += [await asks("/api/v1/report", method="POST", headers=ADA) for _ in range(5)]

    assert {answer.status_code for answer in found} == {200}
    assert "RateLimit" not in found[0].headers


async def test_other_origins_may_read_the_headers(asks: Asks) -> None:
    origin = {"Origin": "https://shop.example"}

    answer = await asks("/api/v1/open", headers=origin, settings={"ALLOWED_ORIGINS": "https://shop.example"})

    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"RateLimit", "RateLimit-Policy", "RateLimit-Remaining", "Retry-After"} <= set(exposed)


async def test_a_refused_request_is_answered_before_its_body_is_read(asks: Asks) -> None:
    await statuses(asks, "/api/v1/open", 3)

    answer = await asks("/api/v1/bell", method="POST", content=b"x" * 100, headers={"Content-Length": "99999999999"})

    assert answer.status_code == 429


def test_openapi_tells_of_the_limits(programs: Programs) -> None:
    document = programs(routes(), health.router).openapi()

    report = document["paths"]["/api/v1/report"]["post"]
    live = document["paths"]["/live"]["get"]
    assert report["x-rate-limits"] == ['"orderReport";q=2;w=60']
    assert {"RateLimit", "RateLimit-Policy"} <= set(report["responses"]["200"]["headers"])
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(document["components"]["responses"]["Error429"]["headers"])
    assert "429" in report["responses"]
    assert "429" not in live["responses"]
    assert "RateLimit" not in live["responses"]["200"]["headers"]


@pytest.mark.parametrize("text", ["5", "5/", "/1m", "0/1m", "-1/1m", "5/0s", "5/2d", "five/1m", "5/1m/2", "9999999999/1m"])
def test_a_limit_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        RouteLimit(text, "user")
