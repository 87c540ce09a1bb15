"""Random processes die again and again while people buy: every order ends, once, and agrees with the bank (R-280, R-292)."""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from contextlib import closing

from .buyers import Task
from .shop import Buyers, Worker, all_orders, made_product, reserved_of, signed_up, stock_of, wait_until_final

STOCK = 100_000
FINAL_WITHIN_SECONDS = 60.0
METHODS = ["card_ok"] * 6 + ["card_declined"] * 2 + ["card_late", "card_late_declined"]
PAID, UNPAID = {201, 202}, {402, 202}  # 202: it went on in another process, and nobody waited so long
STATUSES = {"card_ok": PAID, "card_declined": UNPAID, "card_late": PAID, "card_late_declined": UNPAID}


async def kill_some(running, worker: Worker, kills: int) -> Counter[str]:
    """Kill a web process or the worker, at random moments; who was killed how often."""
    killed: Counter[str] = Counter()
    while killed.total() < kills:
        await asyncio.sleep(random.uniform(0.2, 1.2))
        victims = [process for process in running.processes[1:] if process.is_running()]
        if not victims or random.random() < 0.4:
            worker.kill_and_replace()
            killed["worker"] += 1
        else:
            random.choice(victims).kill()
            killed["web"] += 1
    return killed


def charges(folder) -> dict[str, tuple[str, int, int]]:
    """The books of the bank: order id to state, amount and what was paid back. Two charges of an order cannot be told apart by
    their keys, which are unique, so they are counted by what they were made for."""
    with closing(sqlite3.connect(f"file:{folder / 'data' / 'bank.db'}?mode=ro", uri=True)) as books:
        rows = books.execute("SELECT json_extract(metadata, '$.orderId'), state, amount, refunded FROM charges").fetchall()
    assert len({row[0] for row in rows}) == len(rows), "an order was charged twice"
    return {row[0]: row[1:] for row in rows}


def disagreements(orders, books) -> list[str]:
    """Orders that do not fit what the bank says."""
    wrong = []
    for order in orders:
        state, amount, refunded = books.get(order["id"], ("none", 0, 0))
        paid = state == "succeeded" and refunded == 0 and amount == order["total"]["amount"]
        unpaid = state in ("none", "declined") or refunded == amount
        if not (paid if order["state"] == "paid" else unpaid):
            wrong.append(f"{order['id']} is {order['state']}, its charge {state} over {amount}, paid back {refunded}")
    return wrong


async def test_every_order_ends_once_whoever_dies(server, administrator, database_url, tmp_path):
    await kill_while_people_buy(server, administrator, database_url, tmp_path, kills=4, buys=40)


async def kill_while_people_buy(server, administrator, database_url, tmp_path, *, kills: int, buys: int) -> None:
    """The whole story in any size, of which `buys` is a multiple of 20."""
    environment = {"PAYMENTS__LOCAL_DELAY": "1s"}
    running = server(workers=2, env=environment)
    root = await administrator(running.url)
    product_id = await made_product(running.url, root, STOCK)
    tokens = await signed_up(running.url, 4)
    tasks = [
        Task(
            running.url,
            *(tokens, product_id, buys // 2, f"client-{number}"),
            methods=METHODS,
            is_patient=True,
            patience_seconds=180,
            pace_seconds=0.7 * kills,
        )
        for number in range(2)
    ]
    with Worker(database_url, tmp_path, environment) as worker:
        buying = asyncio.ensure_future((await Buyers.ready(tasks)).buy())
        killed = await kill_some(running, worker, kills)
        last = time.monotonic()
        bought = await buying
        await wait_until_final(running.url, root, FINAL_WITHIN_SECONDS)
        orders = await all_orders(running.url, root)
        while (wrong := disagreements(orders, charges(tmp_path))) and time.monotonic() < last + FINAL_WITHIN_SECONDS:
            await asyncio.sleep(0.5)

    assert wrong == []
    assert killed.total() == kills
    odd = [each for each in bought if each.status not in STATUSES[each.method]]
    assert odd == []
    states = {order["id"]: order["state"] for order in orders}
    assert len(states) == len(orders) == buys, "an order was lost or doubled"
    assert {each.order_id for each in bought if each.status == 201} <= {id for id, state in states.items() if state == "paid"}
    assert {each.order_id for each in bought if each.status == 202} <= set(states)
    sold = sum(state == "paid" for state in states.values())
    assert Counter(states.values()) == {"paid": buys * 7 // 10, "failed": buys * 3 // 10}
    assert await stock_of(running.url, root, product_id) == STOCK - sold
    assert await reserved_of(running.url, root, product_id) == 0
