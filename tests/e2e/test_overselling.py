"""Many more buyers than there is stock, from several processes of clients at several of servers (R-147, R-280, R-282, D-36)."""

from collections import Counter

from .buyers import Task
from .shop import Buyers, all_orders, made_product, signed_up, stock_of

CLIENTS, SERVERS = 4, 2


async def test_the_stock_is_sold_once_and_the_rest_is_told_so(server, administrator):
    await sell_more_than_there_is(server, administrator, rounds=1, buys=80, stock=10)


async def sell_more_than_there_is(server, administrator, *, rounds: int, buys: int, stock: int) -> None:
    """The whole story in any size."""
    running = server(workers=SERVERS)
    root = await administrator(running.url)
    tokens = await signed_up(running.url, 8)
    for number in range(rounds):
        product_id = await made_product(running.url, root, stock)
        tasks = [
            Task(running.url, tokens, product_id, buys=buys // CLIENTS, name=f"round {number} client {client}".replace(" ", "-"))
            for client in range(CLIENTS)
        ]

        bought = await (await Buyers.ready(tasks)).buy()

        statuses = Counter((each.status, each.code) for each in bought)
        assert statuses == {(201, None): stock, (409, "inventory.out_of_stock"): buys - stock}, running.log[-5000:]
        assert await stock_of(running.url, root, product_id) == 0
        orders = await all_orders(running.url, root, product_id)
        assert Counter(order["state"] for order in orders) == {"paid": stock}
        assert {order["id"] for order in orders} == {each.order_id for each in bought if each.status == 201}
