"""The layers around the routes: their order, and what each puts on every answer (R-041)."""

from typing import Any

import pytest

from mainspring.core.errors import TooManyRequests, Unavailable
from mainspring.core.http import Router
from mainspring.core.http.app import HttpApp
from mainspring.core.http.middleware.security_headers import HEADERS
from mainspring.core.security.guard import public
from tests.integration.http.widgets import ADA, NewWidget

Make = Any

ORDER = [
    "RequestId",
    "AccessLog",
    "Errors",
    "SecurityHeaders",
    "Cors",
    "TrustedHosts",
    "ClientAddress",
    "Limits",
    "BodyLimit",
    "Compression",
    "Dispatch",
]


def probes() -> Router:
    router = Router(root=True, dependencies=[public])

    @router.get("/live")
    async def live() -> str:
        return "yes"

    return router


def routes() -> Router:
    router = Router(dependencies=[public])

    @router.get("/ok")
    async def ok() -> str:
        return "ok"

    @router.get("/long")
    async def long() -> str:
        return "x" * 5000

    @router.get("/short")
    async def short() -> str:
        return "x" * 900

    @router.get("/limited")
    async def limited() -> str:
        raise TooManyRequests(retry_after=30)

    @router.get("/busy")
    async def busy() -> str:
        raise Unavailable(retry_after=2)

    @router.get("/bug")
    async def bug() -> str:
        raise RuntimeError("the password is hunter2")

    @router.post("/body")
    async def body(body: NewWidget) -> str:
        return body.name

    return router


def test_the_layers_stand_in_the_order_of_the_contract(programs: Make) -> None:
    program: HttpApp = programs(routes())

    layer: Any = program._run
    found = []
    while not isinstance(layer, type(None)):
        found.append(type(layer).__name__)
        layer = getattr(layer, "app", None)

    assert found == ORDER


@pytest.mark.parametrize(
    ("method", "path", "status", "options"),
    [
        ("GET", "/api/v1/ok", 200, {}),
        ("GET", "/api/v1/nothing", 404, {}),
        ("DELETE", "/api/v1/ok", 405, {}),
        ("GET", "/api/v1/limited", 429, {}),
        ("GET", "/api/v1/busy", 503, {}),
        ("GET", "/api/v1/bug", 500, {}),
        ("POST", "/api/v1/body", 413, {"content": b"x" * 2000, "headers": {"content-type": "application/json"}}),
        ("POST", "/api/v1/body", 415, {"content": b"{}", "headers": {"content-type": "text/plain"}}),
        ("POST", "/api/v1/body", 422, {"json": {}}),
        ("POST", "/api/v1/body", 400, {"content": b"{", "headers": {"content-type": "application/json"}}),
        ("OPTIONS", "/api/v1/ok", 204, {}),
        ("HEAD", "/api/v1/ok", 200, {}),
    ],
)
async def test_every_answer_carries_every_header(
    client: Make, method: str, path: str, status: int, options: dict[str, Any]
) -> None:
    asked = client(routes(), BODY_LIMIT="1024", ALLOWED_ORIGINS="https://a.example")
    options["headers"] = {"Origin": "https://a.example", **options.get("headers", {})}

    answer = await asked.request(method, path, **options)

    assert answer.status_code == status
    for name, value in HEADERS.items():
        expected = b"cross-origin" if name == b"cross-origin-resource-policy" else value
        assert answer.headers[name.decode()] == expected.decode(), name
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert "Origin" in answer.headers["vary"]
    if status in (429, 503):
        assert int(answer.headers["retry-after"]) >= 1
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("sent", "echoed"), [("abc-123.X:9", True), ("7", True), ("", False), ("x" * 129, False), ("a b c d e f", False)]
)
async def test_a_sane_request_id_is_echoed(client: Make, sent: str, echoed: bool) -> None:
    answer = await client(routes()).get("/api/v1/nothing", headers={"X-Request-ID": sent})

    assert (answer.headers["x-request-id"] == sent) is echoed
    assert answer.json()["meta"]["requestId"] == answer.headers["x-request-id"]


class TestCors:
    """R-176 to R-178, D-32."""

    async def test_a_preflight_is_answered_with_200(self, client: Make) -> None:
        headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "PATCH"}

        answer = await client(routes(), ALLOWED_ORIGINS="https://a.example").options("/api/v1/anything", headers=headers)

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
        assert answer.headers["access-control-allow-credentials"] == "true"

    @pytest.mark.parametrize("origin", ["https://b.example", "https://a.example.evil.example", "null", "http://a.example"])
    async def test_another_origin_gets_no_permission(self, client: Make, origin: str) -> None:
        asked = client(routes(), ALLOWED_ORIGINS="https://a.example")

        plain = await asked.get("/api/v1/ok", headers={"Origin": origin})
        preflight = await asked.options("/api/v1/ok", headers={"Origin": origin, "Access-Control-Request-Method": "GET"})

        for answer in (plain, preflight):
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["vary"] == "Origin"

    async def test_without_an_origin_it_is_not_cors(self, client: Make) -> None:
        answer = await client(routes(), ALLOWED_ORIGINS="https://a.example").get("/api/v1/ok")

        assert not [name for name in answer.headers if name.startswith("access-control")]

    async def test_developers_front_ends_are_allowed_in_development(self, client: Make) -> None:
        answer = await client(routes(), APP_ENV="development").get("/api/v1/ok", headers={"Origin": "http://localhost:3000"})

        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


class TestHosts:
    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("api.example.com", 200),
            ("API.example.com:8443", 200),
            ("a.wild.example", 200),
            ("wild.example", 421),
            ("evil.example", 421),
            ("api.example.com.evil.example", 421),
        ],
    )
    async def test_only_our_hosts_are_answered_for(self, client: Make, host: str, status: int) -> None:
        asked = client(routes(), ALLOWED_HOSTS="api.example.com,*.wild.example")

        assert (await asked.get("/api/v1/ok", headers={"Host": host})).status_code == status

    async def test_probes_ask_by_address(self, client: Make) -> None:
        asked = client(probes(), ALLOWED_HOSTS="api.example.com")

        answer = await asked.get("/live", headers={"Host": "10.0.0.7:8000"})

        assert answer.status_code == 200

    @pytest.mark.parametrize("name", ["host", "content-type", "idempotency-key"])
    async def test_a_decisive_header_sent_twice_is_refused(self, client: Make, name: str) -> None:
        answer = await client(routes()).get("/api/v1/ok", headers=[(name, "a"), (name, "b")])

        assert answer.status_code == 400


class TestCompression:
    """R-121."""

    @pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
    async def test_long_answers_are_compressed_for_those_who_accept_it(self, client: Make, encoding: str) -> None:
        answer = await client(routes()).get("/api/v1/long", headers={"Accept-Encoding": encoding})

        assert answer.headers["content-encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["vary"]

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/api/v1/short", {"Accept-Encoding": "gzip"}),
            ("/api/v1/long", {"Accept-Encoding": "identity"}),
            ("/api/v1/long", {"Accept-Encoding": "gzip", "X-No-Compression": "1"}),
        ],
    )
    async def test_others_are_not(self, client: Make, path: str, headers: dict[str, str]) -> None:
        assert "content-encoding" not in (await client(routes()).get(path, headers=headers)).headers


async def test_what_went_wrong_inside_is_never_shown(client: Make) -> None:
    answer = await client(routes()).get("/api/v1/bug")

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert "hunter2" not in answer.text


async def test_in_development_it_may_be_shown(client: Make) -> None:
    answer = await client(routes(), APP_ENV="development").get("/api/v1/bug")

    assert "hunter2" in answer.json()["error"]["message"]


async def test_a_caller_who_wants_problem_details_gets_them(client: Make) -> None:  # D-20, RFC 9457
    answer = await client(routes()).post("/api/v1/body", json={"nam": 1}, headers={"Accept": "application/problem+json"} | ADA)

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"], problem["title"]) == (422, "VALIDATION_ERROR", "Unprocessable Content")
    assert [error["field"] for error in problem["errors"]] == ["name", "nam"]
    assert problem["requestId"] == answer.headers["x-request-id"]


async def test_the_security_headers_say_what_the_contract_says(client: Make) -> None:
    headers = (await client(routes()).get("/api/v1/ok")).headers

    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-xss-protection"] == "0"
    assert headers["referrer-policy"] == "no-referrer"
    assert set(headers["content-security-policy"].split("; ")) == {
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: https:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    }
