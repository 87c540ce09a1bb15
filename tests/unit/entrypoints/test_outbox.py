"""Answers leave in groups, in order, and none is lost (R-316)."""

import asyncio

from mainspring.entrypoints.serving.outbox import MOST_WAITING, Outbox


class Client:
    """A transport that remembers what was written."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.has_left = False

    def is_closing(self) -> bool:
        return self.has_left

    def write(self, data: bytes) -> None:
        self.received.append(data)


async def test_answers_leave_at_the_end_of_the_turn_in_order():
    outbox, ada, bob = Outbox(asyncio.get_running_loop()), Client(), Client()

    for data in (b"1", b"2"):
        outbox.put(ada, data)  # type: ignore[arg-type]
    outbox.put(bob, b"3")  # type: ignore[arg-type]
    before = [*ada.received, *bob.received]
    await asyncio.sleep(0)

    assert (before, ada.received, bob.received) == ([], [b"1", b"2"], [b"3"])


async def test_a_full_outbox_does_not_wait_for_the_turn():
    outbox, ada = Outbox(asyncio.get_running_loop()), Client()

    for number in range(MOST_WAITING):
        outbox.put(ada, b"%d" % number)  # type: ignore[arg-type]

    assert ada.received == [b"%d" % number for number in range(MOST_WAITING)]


async def test_a_client_that_left_does_not_stop_the_others():
    outbox, ada, bob = Outbox(asyncio.get_running_loop()), Client(), Client()

    outbox.put(ada, b"1")  # type: ignore[arg-type]
    outbox.put(bob, b"2")  # type: ignore[arg-type]
    ada.has_left = True
    outbox.flush()

    assert (ada.received, bob.received) == ([], [b"2"])
