"""The client for other servers, over real sockets: it goes where it was checked to go, and takes no more than it wants."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mainspring.adapters.outgoing import HttpOutgoing
from mainspring.core.observability.logs import captured_logs
from mainspring.core.outgoing import (
    AddressRefused,
    AnswerTooLarge,
    AnswerUnreadable,
    Broken,
    NotReached,
    OutgoingRules,
    OutgoingTimeout,
)
from mainspring.core.outgoing.reading import networks_of

from .outgoing_servers import Server, answered, certificate, serving

pytestmark = pytest.mark.anyio
LOOPBACK = networks_of(["127.0.0.0/8"])
ONE, LARGE = b"x", b"x" * 1024 * 1024


def to(*addresses: str) -> Callable[[str, int], Awaitable[Iterable[str]]]:
    """A resolver that answers each question with the next of the addresses; one answer may have several, with commas."""
    left = list(addresses)

    async def resolve(host: str, port: int) -> Iterable[str]:
        resolve.asked.append(host)  # type: ignore[attr-defined]
        return (left.pop(0) if len(left) > 1 else left[0]).split(",")

    resolve.asked = []  # type: ignore[attr-defined]
    return resolve


@asynccontextmanager
async def client(server: Server, resolve: Any = None, **rules: Any) -> AsyncIterator[HttpOutgoing]:
    """A client that may go to loopback and to the server's port."""
    given = {"networks": LOOPBACK, "ports": frozenset([server.port]), "allows_http": True, "is_production": False, **rules}
    made = HttpOutgoing(OutgoingRules(**given), resolve or to("127.0.0.1"))
    try:
        yield made
    finally:
        await made.close()


async def test_an_answer_comes_whole():
    async with serving(answered(b"hello", "X-One: 1", "x-one: 2", status="201 Created")) as server, client(server) as http:
        answer = await http.send("POST", f"http://good.com:{server.port}/a?b=c#d", headers={"X-Mine": "m"}, body=b"body")

    assert (answer.status, answer.body, answer.headers["x-one"]) == (201, b"hello", "1, 2")
    [asked] = server.asked
    assert asked.startswith("POST /a?b=c HTTP/1.1\r\n")
    assert f"host: good.com:{server.port}\r\n" in asked.lower()
    assert asked.endswith("\r\n\r\nbody")
    assert "x-mine: m\r\n" in asked


async def test_a_name_is_resolved_once_and_the_checked_address_is_used():
    resolve = to("127.0.0.1", "127.0.0.2")  # what a name that changes would answer the second time
    async with serving() as server, client(server, resolve, networks=networks_of(["127.0.0.1/32"])) as http:
        assert (await http.send("GET", f"http://rebinding.example.com:{server.port}/")).body == b"yes"

    assert resolve.asked == ["rebinding.example.com"]


async def test_a_name_that_turns_inside_is_refused_at_its_next_connection():
    async with (
        serving(answered(b"1", "Connection: close")) as server,
        client(server, to("127.0.0.1", "127.0.0.2"), networks=networks_of(["127.0.0.1/32"])) as http,
    ):
        await http.send("GET", f"http://rebinding.example.com:{server.port}/")
        with pytest.raises(AddressRefused):
            await http.send("GET", f"http://rebinding.example.com:{server.port}/")

    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "8.8.8.8,127.0.0.1",
        "127.0.0.1,8.8.8.8",
        "fe80::1%lo",
        "0.0.0.0",
    ],
)
async def test_a_name_that_lies_inside_is_refused_and_nothing_connects(answer):
    async with serving() as server, client(server, to(answer), networks=()) as http:
        with pytest.raises(AddressRefused):
            await http.send("GET", f"http://good.com:{server.port}/")

    assert server.connections == 0


async def test_the_real_resolver_gets_no_further():
    async with serving() as server:
        http = HttpOutgoing(
            OutgoingRules(ports=frozenset([server.port]), allows_http=True, hosts=frozenset(["localhost"]), is_production=False)
        )
        assert (await http.send("GET", f"http://localhost:{server.port}/")).status == 200
        await http.close()
        strict = HttpOutgoing(OutgoingRules(ports=frozenset([server.port]), allows_http=True, is_production=False))
        with pytest.raises(AddressRefused):
            await strict.send("GET", f"http://localhost:{server.port}/")
        await strict.close()


async def test_the_next_address_is_tried_when_one_does_not_answer():
    async with serving() as server, client(server, to("127.0.0.2,127.0.0.1")) as http:
        assert (await http.send("GET", f"http://good.com:{server.port}/")).status == 200


async def test_the_certificate_is_checked_against_the_name(tmp_path):
    tls, authority = certificate(tmp_path, "good.example.com", "127.0.0.1")
    async with serving(tls=tls) as server, client(server, ca_file=str(authority), allows_http=False) as http:
        assert (await http.send("GET", f"https://good.example.com:{server.port}/")).status == 200
        assert (await http.send("GET", f"https://127.0.0.1:{server.port}/")).status == 200
        with pytest.raises(NotReached):
            await http.send("GET", f"https://other.example.com:{server.port}/")

    assert len(server.asked) == 2


async def test_an_unknown_authority_is_refused(tmp_path):
    tls, _ = certificate(tmp_path, "good.example.com")
    async with serving(tls=tls) as server, client(server) as http:
        with pytest.raises(NotReached):
            await http.send("GET", f"https://good.example.com:{server.port}/")

    assert server.asked == []


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_an_answer(status):
    async with serving(answered(b"", "Location: http://127.0.0.1/", status=status)) as server, client(server) as http:
        answer = await http.send("GET", f"http://good.com:{server.port}/")

    assert (answer.status, answer.headers["location"]) == (int(status[:3]), "http://127.0.0.1/")
    assert len(server.asked) == 1


async def test_no_cookie_is_kept_and_a_connection_is():
    async with serving(answered(b"1", "Set-Cookie: a=b")) as server, client(server) as http:
        for _ in range(2):
            await http.send("GET", f"http://good.com:{server.port}/")

    assert server.connections == 1
    assert "cookie" not in server.asked[1].lower()


async def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving() as server, client(server) as http:
        assert (await http.send("GET", f"http://good.com:{server.port}/")).status == 200


@pytest.mark.parametrize("length", [3, 4])
async def test_a_body_may_be_as_long_as_allowed(length):
    async with serving(answered(b"x" * length)) as server, client(server) as http:
        sending = http.send("GET", f"http://good.com:{server.port}/", longest=3)
        if length == 3:
            assert (await sending).body == b"xxx"
        else:
            with pytest.raises(AnswerTooLarge):
                await sending


async def test_a_body_without_an_end_is_cut_off():
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    async with serving(endless) as server, client(server) as http:
        with pytest.raises(AnswerTooLarge):
            await http.send("GET", f"http://good.com:{server.port}/", longest=100_000)


@pytest.mark.parametrize(
    ("packed", "packing", "error"),
    [
        (gzip.compress(LARGE), "gzip", AnswerTooLarge),  # a thousand times as much as came
        (b"".join(gzip.compress(ONE * 1000) for _ in range(200)), "gzip", AnswerTooLarge),  # many members
        (gzip.compress(gzip.compress(LARGE)), "gzip, gzip", AnswerUnreadable),
        (gzip.compress(ONE)[:-4], "gzip", AnswerUnreadable),
        (gzip.compress(ONE) + b"rest", "gzip", AnswerUnreadable),
        (b"no gzip", "gzip", AnswerUnreadable),
        (zlib.compress(ONE), "deflate", AnswerUnreadable),
        (ONE, "br", AnswerUnreadable),
        (ONE, "zstd", AnswerUnreadable),
    ],
    ids=["thousandfold", "many members", "packed twice", "cut off", "with a rest", "no gzip", "deflate", "br", "zstd"],
)
async def test_a_bomb_does_not_go_off(packed, packing, error):
    async with serving(answered(packed, f"Content-Encoding: {packing}")) as server, client(server) as http:
        with pytest.raises(error):
            await http.send("GET", f"http://good.com:{server.port}/", longest=100_000)


@pytest.mark.parametrize("packing", ["gzip", "X-GZIP", "identity", ""])
async def test_what_was_packed_is_unpacked(packing):
    whole = b"".join(b"%d" % number for number in range(20_000))
    sent = gzip.compress(whole[:50_000]) + gzip.compress(whole[50_000:]) if "gzip" in packing.lower() else whole
    async with serving(answered(sent, f"Content-Encoding: {packing}")) as server, client(server) as http:
        assert (await http.send("GET", f"http://good.com:{server.port}/")).body == whole

    assert "accept-encoding: gzip\r\n" in server.asked[0]


async def test_a_head_that_is_too_long_is_refused():
    lines = [f"X-{number}: {'x' * 1000}" for number in range(40)]
    async with serving(answered(b"", *lines)) as server, client(server) as http:
        with pytest.raises(AnswerTooLarge):
            await http.send("GET", f"http://good.com:{server.port}/")


async def test_a_server_that_drips_is_left_at_the_deadline():
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    async with serving(drip) as server, client(server) as http:
        with pytest.raises(OutgoingTimeout):
            await http.send("GET", f"http://good.com:{server.port}/", deadline=0.2)


async def test_a_server_that_says_nothing_is_left_at_the_deadline():
    async def silent(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with serving(silent) as server, client(server, deadline_seconds=0.1) as http:
        with pytest.raises(OutgoingTimeout):
            await http.send("GET", f"http://good.com:{server.port}/")


async def test_a_name_that_takes_too_long_is_not_reached():
    async def slow(host: str, port: int) -> Iterable[str]:
        await asyncio.sleep(60)
        return ["127.0.0.1"]

    async with serving() as server, client(server, slow, connect_seconds=0.1) as http:
        with pytest.raises(NotReached):
            await http.send("GET", f"http://good.com:{server.port}/")


async def test_an_unknown_name_is_not_reached():
    async def unknown(host: str, port: int) -> Iterable[str]:
        raise OSError("unknown")

    async with serving() as server, client(server, unknown) as http:
        with pytest.raises(NotReached):
            await http.send("GET", f"http://good.com:{server.port}/")


async def test_a_refused_connection_is_not_reached():
    async with serving() as server:
        pass
    async with client(server) as http:
        with pytest.raises(NotReached):
            await http.send("GET", f"http://good.com:{server.port}/")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b"no http at all\r\n\r\n"])
async def test_a_connection_that_breaks_is_told(answer):
    async def breaking(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with serving(breaking) as server, client(server) as http:
        with pytest.raises(Broken):
            await http.send("GET", f"http://good.com:{server.port}/")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil"},
        {"X": "a\r\nb: c"},
        {"X\r\nY": "a"},
        {"X ": "a"},
        {"Transfer-Encoding": "chunked"},
        {"content-length": "1"},
    ],
)
async def test_a_header_that_changes_the_request_is_a_mistake(headers):
    async with serving() as server, client(server) as http:
        with pytest.raises(ValueError, match="cannot be sent"):
            await http.send("GET", f"http://good.com:{server.port}/", headers=headers)
        with pytest.raises(ValueError, match="a word"):
            await http.send("GET /x HTTP/1.1\r\n", f"http://good.com:{server.port}/")

    assert server.asked == []


async def test_no_line_holds_a_path_a_query_or_what_was_sent():
    secrets = ("path-secret", "query-secret", "header-secret", "body-secret", "answer-secret")
    with captured_logs() as lines:
        async with serving(answered(b"answer-secret")) as server, client(server) as http:
            url = f"http://good.com:{server.port}/path-secret?q=query-secret"
            await http.send("POST", url, headers={"Authorization": "header-secret"}, body=b"body-secret")
            with pytest.raises(AddressRefused):
                await http.send("POST", f"http://10.0.0.1:{server.port}/path-secret?q=query-secret")

    assert [line["message"] for line in lines] == ["outgoing", "outgoing_refused", "outgoing"]
    assert not [secret for secret in secrets if secret in repr(lines)]
