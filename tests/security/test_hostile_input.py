"""Every operation of the contract under input that is meant to hurt: a clear refusal, never a 5xx (R-126, R-127, R-150)."""

from collections.abc import Iterator
from typing import Any

import pytest

from mainspring.core.http.contract_bounds import Document
from mainspring.entrypoints.http import create_app

JSON, PROBLEM = "application/json", "application/problem+json"
SEGMENTS = ("%00", "%FF", "%ED%A0%80", "9" * 5000, "..%2F..%2Fetc", "%25%30%30", "%F0%9F%92%A9", "'%20OR%201=1--", "%0D%0AX:%20y")
QUERIES = (
    "limit=1&limit=2",
    "limit=99999999999999999999999999",
    "page=-1&cursor=%00",
    "cursor=%FF",
    "sort=%ED%A0%80",
    "limit=1e400",
    "page=NaN",
    "cursor=" + "A" * 9000,
    "&".join(f"x{number}=1" for number in range(2000)),
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"1e400",
    b"NaN",
    b"9" * 5000,
    b"[" * 100_000,
    b'{"a":' * 5000,
    b"\xff\xfe",
    b'{"name":"\\ud800"}',
    b'{"name":"\\u0000"}',
    b'{"email":{"$ne":null}}',
    b'{"name":1,"name":2}',
    b"a=1&a=2",
)


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation but those that end the session that asks."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] not in ("logout", "logoutAll"):
                yield method.upper(), path, operation


def filled(path: str, segment: str) -> str:
    """The path with the same text for each parameter."""
    parts = (segment if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


@pytest.fixture
def document(application) -> Document:
    return create_app(application).openapi()


@pytest.fixture
async def asked(app):
    """A client that asks as somebody who is signed in."""
    return app.as_(await app.sign_up())


async def test_no_path_query_or_body_is_too_much(document: Document, asked) -> None:
    failed = []
    for method, path, operation in operations(document):
        tried: list[tuple[str, bytes, str]] = [(filled(path, segment), b"", JSON) for segment in SEGMENTS if "{" in path]
        tried += [(f"{filled(path, '0')}?{query}", b"", JSON) for query in QUERIES if method == "GET"]
        for kind in operation.get("requestBody", {}).get("content", {}):
            tried += [
                (filled(path, "0"), body, sent) for body in BODIES for sent in (kind, "text/plain", f"{kind}; charset=utf-7")
            ]
        for target, body, kind in tried:
            answer = await asked.request(method, target, content=body, headers={"Content-Type": kind} if body else {})
            if answer.status_code >= 500:
                failed.append((method, target[:200], body[:80], kind, answer.status_code))

    assert failed == []


async def test_every_path_says_which_methods_it_knows(document: Document, asked) -> None:
    for path, methods in document["paths"].items():
        known = {"OPTIONS", *(method.upper() for method in methods)} | ({"HEAD"} if "get" in methods else set())
        target = filled(path, "019b76da-a800-7000-8000-000000000000")

        told = await asked.request("OPTIONS", target)
        refused = await asked.request("PROPFIND", target, headers={"Accept": PROBLEM})

        assert (told.status_code, set(told.headers["allow"].split(", "))) == (204, known), path
        assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, known), path
        assert (refused.headers["content-type"], refused.json()["code"]) == (PROBLEM, "METHOD_NOT_ALLOWED"), path
        assert (await asked.request("GET", target + "/")).status_code == 404, path


async def test_every_error_takes_the_form_of_rfc_9457_where_it_is_asked_for(document: Document, app) -> None:
    for method, path, operation in operations(document):
        if not operation["security"]:
            continue

        refused = await app.request(method, filled(path, "0"), headers={"Accept": PROBLEM})

        assert (refused.status_code, refused.headers["content-type"]) == (401, PROBLEM), (method, path)
        assert refused.json()["status"] == 401
