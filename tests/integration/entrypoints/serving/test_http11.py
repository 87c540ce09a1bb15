"""The HTTP/1.1 that our server speaks, byte by byte over a real socket (RFC 9112)."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mainspring.core.observability import captured_logs
from mainspring.entrypoints.serving import connection
from mainspring.entrypoints.serving.listener import open_listeners
from mainspring.entrypoints.serving.server import Server

pytestmark = pytest.mark.anyio
END = b"\r\n\r\n"


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def mirror(scope, receive, send):
    """Answers with what it was asked."""
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "body": body.decode("latin-1"),
    }
    seen["headers"] = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
    await answer(send, json.dumps(seen).encode())


async def answer(send, body: bytes = b"ok", status: int = 200, headers: list | None = None) -> None:
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": length if headers is None else headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(application=mirror) -> AsyncIterator[tuple[Server, int]]:
    (listener,) = open_listeners("127.0.0.1", 0, 1)
    running = Server(application)
    await running.listen(listener)
    try:
        yield running, listener.getsockname()[1]
    finally:
        if not running.is_draining:
            async with asyncio.timeout(10):
                await running.drain()


async def said(data: bytes, application=mirror, *, close: bool = False) -> bytes:
    """Everything the server says to these bytes until it closes the connection."""
    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        if close:
            writer.write_eof()
        async with asyncio.timeout(5):
            heard = await reader.read()
        writer.close()
        return heard


def bodies(heard: bytes) -> list[dict]:
    return [json.loads(part[part.index(b"{") : part.rindex(b"}") + 1]) for part in heard.split(b"HTTP/1.1 200 OK")[1:]]


GET_LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_a_request_becomes_a_scope_and_an_answer():
    heard = await said(b"GET /a%20b/%C3%A9?x=1&y=%20 HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nConnection: close\r\n\r\n")

    (seen,) = bodies(heard)
    assert (seen["path"], seen["query"]) == ("/a b/é", "x=1&y=%20")
    assert ["x-one", "1"] in seen["headers"]
    assert b"\r\ndate: " in heard
    assert b"\r\nconnection: close\r\n" in heard
    assert b"server:" not in heard.lower()


async def test_requests_on_one_connection_are_answered_in_order():
    heard = await said(
        b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
        b"POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n" + GET_LAST
    )

    assert [(seen["path"], seen["body"]) for seen in bodies(heard)] == [("/1", "one"), ("/2", "two"), ("/last", "")]


async def test_a_body_may_come_byte_by_byte():
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nabcd":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)
        assert bodies(await reader.read())[0]["body"] == "abcd"
        writer.close()


async def test_a_client_may_ask_before_it_sends():
    async with serving() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert await reader.readuntil(END) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hi")
        assert bodies(await reader.read())[0]["body"] == "hi"
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"GET http:/x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo\x00st: x\r\n\r\n",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(data):
    assert (await said(data)).startswith(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.parametrize("chunk", [b"5;\r\nab", b"-1\r\n", b"g\r\n", b"2\r\nabc\r\n", b"2\nab\n", b"ffffffffffffffffff\r\n"])
async def test_a_bad_chunk_closes_the_connection_before_anything_behind_it_is_read(chunk):
    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

    heard = await said(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + smuggled)

    assert b"smuggled" not in heard
    assert heard == b"" or heard.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 70_000,
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: 1\r\n" * 200,
    ],
)
async def test_a_head_has_a_limit(head):
    assert (await said(head)).startswith(b"HTTP/1.1 431 ")


async def test_a_slow_head_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)

    assert (await said(b"GET / HTTP/1.1\r\nHost: ")).startswith(b"HTTP/1.1 408 ")


async def test_a_silent_connection_is_closed(monkeypatch):
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.1)

    assert bodies(await said(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"))[0]["path"] == "/1"


async def test_head_and_204_have_no_body():
    async def application(scope, receive, send):
        if scope["method"] == "HEAD":
            await answer(send, b"never sent")
        else:
            await answer(send, b"", 204, [])

    heard = await said(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + GET_LAST, application)

    first, second, rest = heard.split(END)
    assert b"content-length: 10" in first
    assert second.startswith(b"HTTP/1.1 204")
    assert b"transfer-encoding" not in second
    assert rest == b""


async def test_a_stream_is_sent_in_chunks_and_its_head_at_once():
    go_on = asyncio.Event()

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET_LAST)
        assert b"transfer-encoding: chunked" in await reader.readuntil(END)
        go_on.set()
        assert await reader.read() == b"3\r\none\r\n0\r\n\r\n"
        writer.close()


async def test_a_stream_ends_when_its_reader_leaves():
    ended = asyncio.Event()

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET_LAST)
        await reader.readuntil(END)
        writer.close()
        async with asyncio.timeout(2):
            await ended.wait()


async def test_a_slow_reader_slows_the_writer_down():
    written = 0

    async def application(scope, receive, send):
        nonlocal written
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            written += 100_000
        await send({"type": "http.response.body", "body": b""})

    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(GET_LAST)
        await reader.readuntil(END)
        await asyncio.sleep(0.5)
        assert written < 20_000_000
        writer.transport.abort()
        await asyncio.sleep(0.05)


async def test_an_early_answer_reaches_a_client_that_is_still_sending():
    async def application(scope, receive, send):
        await answer(send, b"too large", 413)

    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n")
        for _ in range(200):
            writer.write(b"x" * 100_000)
            await writer.drain()
        heard = await reader.read()
        writer.close()

    assert heard.startswith(b"HTTP/1.1 413 ")
    assert heard.endswith(b"too large")


@pytest.mark.parametrize("how", ["raise", "nothing", "line break"])
async def test_a_bug_becomes_a_plain_500(how):
    async def application(scope, receive, send):
        if how == "raise":
            raise ValueError("secret detail")
        if how == "line break":
            await answer(send, b"", 200, [(b"location", b"/a\r\nset-cookie: x")])

    with captured_logs() as lines:
        heard = await said(GET_LAST, application)

    assert heard.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"secret" not in heard
    assert b"set-cookie" not in heard
    assert lines[0]["message"] in ("answer_failed", "answer_incomplete")


async def test_half_an_answer_is_never_taken_for_a_whole_one():
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"12345", "more_body": True})
        raise ValueError

    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET_LAST)
        heard = b""
        with pytest.raises(ConnectionResetError):
            while part := await reader.read(100):
                heard += part
            raise ConnectionResetError  # an end before the promised length says the same
        assert not heard.endswith(b"1234567890")
        writer.close()


async def test_draining_answers_what_has_arrived_and_says_goodbye():
    started, go_on = asyncio.Event(), asyncio.Event()

    async def application(scope, receive, send):
        if scope["path"] == "/slow":
            started.set()
            await go_on.wait()
        await answer(send)

    async with serving(application) as (running, port):
        slow, slow_writer = await asyncio.open_connection("127.0.0.1", port)
        idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        slow_writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await started.wait()
        draining = asyncio.create_task(running.drain())
        await asyncio.sleep(0.05)
        late, late_writer = await asyncio.open_connection("127.0.0.1", port)
        late_writer.write(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")

        heard_late = await late.read()
        heard_idle = await idle.read()
        go_on.set()
        heard_slow = await slow.read()
        await draining

        for writer in (slow_writer, idle_writer, late_writer):
            writer.close()
    assert heard_late.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in heard_late
    assert heard_slow.endswith(b"ok")
    assert heard_idle == b""
    with pytest.raises(OSError, match="onnect"):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()


async def test_an_open_event_stream_does_not_hold_the_end_up():
    heard_of_it = asyncio.Event()

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass
        heard_of_it.set()

    async with serving(application) as (running, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"data: 1")
        async with asyncio.timeout(10):
            await running.drain()
        writer.close()

    assert heard_of_it.is_set()


async def test_an_upgrade_to_what_we_do_not_speak_is_answered_plainly():
    heard = await said(
        b"GET /1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"
    )

    assert bodies(heard)[0]["path"] == "/1"


async def test_http_1_0_is_answered_and_closed():
    heard = await said(b"GET /1 HTTP/1.0\r\n\r\n")

    assert bodies(heard)[0]["path"] == "/1"
    assert b"connection: close" in heard


async def test_a_port_that_is_taken_is_refused_in_one_sentence():
    async with serving() as (_, port):
        with pytest.raises(Exception, match=rf"Cannot listen on 127.0.0.1:{port}: the port is taken."):
            open_listeners("127.0.0.1", port, 2)
