"""One process of clients who buy: `python -m tests.e2e.buyers` reads its task from the standard input and answers there.

It says `ready`, waits for a line, and buys. Each buy has an Idempotency-Key of its own; a patient client sends it again with the
same key until it has an answer that says how the order ended.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx2

IN_FLIGHT = "IDEMPOTENCY_KEY_IN_FLIGHT"
PAUSE_SECONDS = 0.2


@dataclass
class Task:
    """What one process shall buy. Buy `n` is paid with `methods[n % len(methods)]` by the owner of `tokens[n % len(tokens)]`.

    With a `pace` the buys begin one after another within so many seconds, otherwise all at once.
    """

    url: str
    tokens: list[str]
    product_id: str
    buys: int
    name: str
    connections: int = 50
    methods: list[str] = field(default_factory=lambda: ["card_ok"])
    is_patient: bool = False
    patience_seconds: float = 120.0
    pace_seconds: float = 0.0


@dataclass
class Bought:
    """How one buy ended: the last status, the error code or None, the order's id if the answer named one."""

    key: str
    method: str
    status: int
    code: str | None
    order_id: str | None
    attempts: int


async def buy(client: httpx2.AsyncClient, task: Task, number: int) -> Bought:
    """Buy one, once or until it is answered."""
    await asyncio.sleep(task.pace_seconds * number / task.buys)
    key, method = f"{task.name}-{number}", task.methods[number % len(task.methods)]
    headers = {"Authorization": f"Bearer {task.tokens[number % len(task.tokens)]}", "Idempotency-Key": key}
    body = {"items": [{"productId": task.product_id, "quantity": 1}], "paymentMethod": method}
    ends = time.monotonic() + task.patience_seconds
    attempts = 0
    while True:
        attempts += 1
        status, said = await ask(client, headers, body)
        code = (said.get("error") or {}).get("code")
        is_answered = status and status < 500 and code != IN_FLIGHT
        if is_answered or not task.is_patient or time.monotonic() > ends:
            return Bought(key, method, status, code, said.get("id"), attempts)
        await asyncio.sleep(PAUSE_SECONDS)


async def ask(client: httpx2.AsyncClient, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The status and the answer; 0 when the connection broke."""
    try:
        answer = await client.post("/api/v1/orders", headers=headers, json=body)
        return answer.status_code, answer.json()
    except (httpx2.TransportError, ValueError) as problem:
        return 0, {"error": {"code": repr(problem)}}


async def shop(task: Task) -> list[Bought]:
    """Everything the task asks for, on so many connections at once."""
    limits = httpx2.Limits(max_connections=task.connections, max_keepalive_connections=task.connections)
    async with httpx2.AsyncClient(base_url=task.url, timeout=httpx2.Timeout(60, pool=None), limits=limits) as client:
        return list(await asyncio.gather(*(buy(client, task, number) for number in range(task.buys))))


def main() -> None:
    """Read the task, wait for the start, buy, tell."""
    task = Task(**json.loads(sys.stdin.readline()))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps([asdict(bought) for bought in asyncio.run(shop(task))]) + "\n")


if __name__ == "__main__":
    main()
