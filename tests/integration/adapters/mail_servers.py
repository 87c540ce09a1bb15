"""A real SMTP server in the test's own loop, which refuses, hesitates and hangs up as it is told."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Step = Callable[[SMTP], Awaitable[str | None]]


@dataclass
class Post:
    """What happened at the server, and what it answers: `answers["RCPT"] = ["550 No"]` refuses the next recipient."""

    envelopes: list[Envelope] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0
    lines: list[str] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    deeds: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    transports: list[asyncio.Transport] = field(default_factory=list)
    port: int = 0

    async def _at(self, step: str) -> str | None:
        if step in self.deeds:
            await self.deeds[step]()
        return self.answers[step].pop(0) if self.answers.get(step) else None

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        answer = await self._at("RCPT")
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await self._at("DATA")
        if answer is None:
            self.envelopes.append(envelope)
        return answer or "250 Taken"

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        answer = await self._at("MAIL")
        if answer is None:
            envelope.mail_from, envelope.mail_options = address, options
        return answer or "250 OK"

    def hang_up(self) -> None:
        """End every connection without a word."""
        for transport in self.transports:
            transport.abort()


class Watched(SMTP):
    """Counts connections and keeps every line that a client sends."""

    def __init__(self, post: Post, **options: Any) -> None:
        super().__init__(post, hostname="post.example", ident="Post", **options)
        self.post = post

    def connection_made(self, transport: Any) -> None:
        if transport not in self.post.transports:
            self.post.connections += 1
            self.post.open += 1
            self.post.most_open = max(self.post.most_open, self.post.open)
        self.post.transports.append(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.post.open -= 1
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self.post.lines.append(data.decode("utf-8", "replace"))
        super().data_received(data)


@asynccontextmanager
async def post_office(*, implicit: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[Post]:
    """A server on a free port of loopback."""
    post = Post()
    server = await asyncio.get_running_loop().create_server(lambda: Watched(post, **options), "127.0.0.1", 0, ssl=implicit)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        server.close()
        post.hang_up()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def raw_server(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    """A server that says what `talk` says; the answer is its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def authenticator(user: str, password: str) -> Callable[..., AuthResult]:
    """Lets one user in."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (user.encode(), password.encode()), handled=False)

    return check


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody trusts yet, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "post.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "post.key"
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    return path, context
