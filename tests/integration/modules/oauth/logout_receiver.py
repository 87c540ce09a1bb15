"""A client's server on loopback that hears logout tokens."""

import asyncio
from urllib.parse import parse_qs


class LogoutReceiver:
    """`tokens` are those that came; `statuses` what it answers, one by one, then 200."""

    def __init__(self):
        self.tokens, self.statuses = [], []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/backchannel-logout"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _connected(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        form = parse_qs((await reader.readexactly(int(headers["content-length"]))).decode())
        self.tokens += form["logout_token"]
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} Told\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
