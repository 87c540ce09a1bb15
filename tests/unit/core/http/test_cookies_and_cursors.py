"""Cookies (R-120, RFC 6265) and signed cursors (R-215)."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from mainspring.core.http import Answer, Cookie, Router
from mainspring.core.http.cookies import cookies_of
from mainspring.core.http.cursors import CursorRefused, Cursors
from mainspring.core.security.guard import public

Make = Any
POSITION = ("next", "-createdAt", "2026-01-01T00:00:00+00:00", "019b76daa80070008000000000000000")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, {}),
        (b"a=1; b=2", {"a": "1", "b": "2"}),
        (b'a="1 2"; b=', {"a": "1 2", "b": ""}),
        (b"a=1; a=2", {"a": "1"}),
        (b"alone; =x; a=b=c", {"": "x", "a": "b=c"}),
    ],
)
def test_cookies_are_read(header: bytes | None, found: dict[str, str]) -> None:
    assert cookies_of(header) == found


def test_a_cookie_is_written_with_its_protections() -> None:
    cookie = Cookie("__Host-accessToken", "abc", timedelta(minutes=15), same_site="strict")

    assert cookie.render() == b"__Host-accessToken=abc; Path=/; SameSite=Strict; Max-Age=900; Secure; HttpOnly"
    assert b"Max-Age=0" in Cookie.gone("accessToken").render()


@pytest.mark.parametrize("value", ["a;b", "a\r\nSet-Cookie: x=y", "a b", 'a"b', "a,b"])
def test_a_value_that_would_end_the_cookie_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="may not hold"):
        Cookie("name", value).render()


async def test_a_route_sets_cookies_and_headers(client: Make) -> None:
    router = Router(dependencies=[public])

    @router.get("/set")
    async def set_them(answer: Answer) -> int:
        answer.cookie(Cookie("a", "1"))
        answer.cookie(Cookie("b", "2"))
        answer.header("Referrer-Policy", "origin")
        with pytest.raises(ValueError, match="line break"):
            answer.header("X-Evil", "a\r\nb: c")
        return 1

    got = await client(router).get("/api/v1/set")

    assert [value.partition(";")[0] for value in got.headers.get_list("set-cookie")] == ["a=1", "b=2"]
    assert got.headers["referrer-policy"] == "origin"


def secrets(*texts: str) -> tuple[SecretStr, ...]:
    return tuple(map(SecretStr, texts))


def test_a_cursor_keeps_its_position() -> None:
    cursors = Cursors(secrets("a" * 32))

    assert cursors.read(cursors.write(POSITION)) == POSITION


def test_a_cursor_outlives_the_change_of_the_secret() -> None:
    old = Cursors(secrets("a" * 32)).write(POSITION)

    assert Cursors(secrets("b" * 32, "a" * 32)).read(old) == POSITION
    with pytest.raises(CursorRefused):
        Cursors(secrets("b" * 32)).read(old)


def test_a_changed_or_invented_cursor_is_refused() -> None:
    cursors = Cursors(secrets("a" * 32))
    good = cursors.write(POSITION)

    for bad in (good[:-3] + "AAA", "x", "é", "!!!!", good + good, "A" * 1000, good[:10]):
        with pytest.raises(CursorRefused):
            cursors.read(bad)
