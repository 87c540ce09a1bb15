"""The shipped nginx configuration in front of real servers (R-298, R-321). Not collected where there is no nginx."""

import asyncio
import json
from pathlib import Path

import httpx2
import pytest

from tools.nginx_trial import HOST

from .conftest import administrator_of
from .proxy import Listeners, Manager, Nginx, Service, Visitors, free_ports

pytestmark = pytest.mark.anyio
LAB = Path(__file__).parent / "lab"
SPOOFED = "203.0.113.7"
MOST_SECONDS = 30.0  # DRAIN_TIMEOUT


async def test_addresses_hosts_and_large_bodies_come_through(server, tmp_path: Path):
    running = server(env={"TRUSTED_PROXIES": "127.0.0.1", "ALLOWED_HOSTS": HOST, "RATE_LIMITS": "off"})
    port = int(running.url.rpartition(":")[2])
    who = {"email": "ada@example.com", "password": "correct horse battery staple"}

    with Nginx(tmp_path, [port], repeats=True) as nginx:
        out = httpx2.AsyncHTTPTransport(verify=nginx.trust, local_address="127.0.0.9")
        url, host = f"https://127.0.0.1:{nginx.https}", {"Host": HOST}
        async with httpx2.AsyncClient(transport=out, base_url=url, headers=host, timeout=30) as client:
            client.event_hooks["request"].append(_name_the_host)
            (await client.post("/api/v1/auth/register", json=who | {"name": "Ada"})).raise_for_status()
            lie = {"X-Forwarded-For": SPOOFED, "Forwarded": f"for={SPOOFED}", "X-Real-IP": SPOOFED}
            signed_in = (await client.post("/api/v1/auth/login", json=who, headers=lie)).raise_for_status().json()
            proof = {"Authorization": f"Bearer {signed_in['accessToken']}"}
            sessions = (await client.get("/api/v1/auth/sessions", headers=proof)).raise_for_status().json()
            too_large = await client.post(
                "/api/v1/auth/login", content=b" " * (10 * 1024 * 1024 + 1), headers={"Content-Type": "application/json"}
            )
            metrics = await client.get("/metrics")
        plain = httpx2.get(f"http://127.0.0.1:{nginx.http}/health?x=1", headers=host, follow_redirects=False)

    assert {session["ipAddress"] for session in sessions["data"]} == {"127.0.0.9"}
    assert (too_large.status_code, too_large.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert metrics.status_code == 403
    assert (plain.status_code, plain.headers["location"]) == (308, f"https://{HOST}/health?x=1")


@pytest.mark.parametrize(
    ("rounds", "per_second", "streams"),
    [
        pytest.param(1, 40, 10, id="two restarts", marks=pytest.mark.slow),
        pytest.param(15, 200, 50, id="thirty restarts", marks=pytest.mark.full),
    ],
)
async def test_rolling_restarts_lose_no_request(
    database_url: str, settings, tmp_path: Path, rounds: int, per_second: int, streams: int
):
    environment = {"TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMITS": "off", "PUBLIC_URL": f"https://{HOST}"}
    environment |= {"ACCESS_TOKEN_TTL": "1h", "DB_POOL_MAX": "4", "PYTHONPATH": str(LAB)}
    services = [Service(port, database_url, tmp_path, environment) for port in free_ports(2)]
    folder = tmp_path / "nginx"
    folder.mkdir()

    with (
        Nginx(folder, [service.port for service in services], repeats=False) as nginx,
        Manager(tmp_path, services) as manager,
    ):
        headers = await administrator_of(f"http://127.0.0.1:{services[0].port}", settings)
        visitors = Visitors(nginx, lambda number: _request(number, headers["Authorization"]), per_second)
        listeners = Listeners(nginx, b"GET /api/v1/lab/events HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n\r\n", count=streams)
        visiting = asyncio.gather(visitors.run(), listeners.run())
        for _ in range(rounds):
            await manager.roll(nginx)
        visitors.is_over = listeners.is_over = True
        await visiting

    assert visitors.failures == []
    assert listeners.failures == []
    assert listeners.events > listeners.opened >= streams  # each came back whenever its server went
    assert visitors.statuses[200] > visitors.statuses[201] > 10
    ended = [end for service in services for end in service.ended]
    assert len(ended) == 2 * rounds
    assert [code for code, _ in ended] == [0] * len(ended)
    assert max(seconds for _, seconds in ended) < MOST_SECONDS


def _request(number: int, authorization: str) -> "tuple[bytes, int]":
    """A request and the status that it must have: one in four changes something, which no proxy may repeat."""
    rest = f"Host: {HOST}\r\nConnection: close\r\nAuthorization: {authorization}\r\n"
    if number % 4:
        return f"GET /api/v1/products?limit=5 HTTP/1.1\r\n{rest}\r\n".encode(), 200
    body = json.dumps({"name": f"Lamp {number}", "category": "light", "price": {"amount": 1999, "currency": "EUR"}, "stock": 1})
    rest += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST /api/v1/products HTTP/1.1\r\n{rest}\r\n{body}".encode(), 201


async def _name_the_host(request: httpx2.Request) -> None:
    request.extensions["sni_hostname"] = HOST
