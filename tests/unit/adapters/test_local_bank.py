"""The local bank keeps its word: once for each key, after a crash, and from several processes."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from mainspring.adapters.local_bank.bank import FIRST_PAUSE, MOST_ATTEMPTS, Bank, NotSoMuch, OtherRequest
from mainspring.adapters.local_bank.gateway import LocalGateway
from mainspring.core import ids
from mainspring.modules.payments.errors import WebhookRefused

CHILD = """
import sys
from pathlib import Path
from mainspring.adapters.local_bank.bank import Bank
from mainspring.core import ids
bank = Bank(Path(sys.argv[1]), 2.0)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    booking = bank.charge(f"ch_{ids.new().hex}", f"key {number}", 100, "EUR", "card_ok", {}, 1000.0)
    back, total = bank.refund(f"re_{ids.new().hex}", f"key {number}/back", booking.id, 40)
    print(number, booking.id, back, total, flush=True)
"""
NOW = 1000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bank.db"


@pytest.fixture
def bank(path: Path):
    bank = Bank(path, 2.0)
    yield bank
    bank.close()


def child(path: Path, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(path), str(count)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def charge(bank: Bank, key: str = "k", method: str = "card_ok", amount: int = 100, now: float = NOW):
    return bank.charge(f"ch_{ids.new().hex}", key, amount, "EUR", method, {"order": "1"}, now)


def test_several_processes_with_the_same_keys_move_the_money_once(path):
    children = [child(path, 25) for _ in range(4)]
    for one in children:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    answers = [one.communicate()[0].splitlines() for one in children]

    assert answers[0] == answers[1] == answers[2] == answers[3]
    with sqlite3.connect(path) as books:
        assert books.execute("SELECT count(*), sum(refunded) FROM charges").fetchone() == (25, 25 * 40)
        assert books.execute("SELECT count(*) FROM refunds").fetchone() == (25,)
    books.close()


def test_a_process_that_is_killed_changes_no_answer(path, bank):
    before: dict[str, str] = {}
    for _ in range(3):
        one = child(path, 1000)
        assert one.stdin is not None
        assert one.stdout is not None
        one.stdin.write("go\n")
        one.stdin.flush()
        lines = [one.stdout.readline() for _ in range(30)]
        os.kill(one.pid, signal.SIGKILL)
        lines += one.communicate()[0].splitlines(keepends=True)
        for line in lines:
            number, _, answer = line.partition(" ")
            if line.endswith("\n"):
                assert before.setdefault(number, answer) == answer

    assert charge(bank, "key 0").id == before["0"].split()[0]


def test_another_request_with_the_same_key_is_refused(bank):
    charge(bank)

    with pytest.raises(OtherRequest):
        charge(bank, amount=101)
    with pytest.raises(OtherRequest):
        charge(bank, method="card_declined")


def test_never_more_is_paid_back_than_was_taken(bank):
    made = charge(bank)

    assert bank.refund("r1", "a", made.id, 60) == ("r1", 60)
    assert bank.refund("r2", "a", made.id, 60) == ("r1", 60)
    with pytest.raises(NotSoMuch):
        bank.refund("r3", "b", made.id, 41)
    with pytest.raises(OtherRequest):
        bank.refund("r4", "a", made.id, 10)
    assert bank.refund("r5", "c", made.id, 40) == ("r5", 100)


@pytest.mark.parametrize(("method", "state"), [("card_late", "succeeded"), ("card_late_declined", "declined")])
def test_a_late_card_is_decided_in_time_and_told_by_one_letter(bank, method, state):
    assert charge(bank, method=method).state == "pending"
    assert bank.next_moment() == NOW + 2.0
    assert bank.take_letter(NOW + 1.9) is None

    letter = bank.take_letter(NOW + 2.0)

    assert letter is not None
    assert f'"state":"{state}"'.encode() in letter.body
    found = bank.find("k", NOW + 2.0)
    assert found is not None
    assert found.state == state
    assert bank.take_letter(NOW + 3.0) is None  # somebody has it
    bank.delivered(letter)
    assert bank.next_moment() is None


def test_a_letter_that_is_not_accepted_comes_again_with_longer_pauses(bank):
    charge(bank, method="card_late")
    now = NOW + 2.0
    pauses = []
    for _ in range(5):
        letter = bank.take_letter(now)
        assert letter is not None
        assert bank.returned(letter, now)
        due = bank.next_moment()
        assert due is not None
        pauses.append(due - now)
        now = due

    assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE, 16 * FIRST_PAUSE]


def test_a_letter_that_nobody_ever_takes_is_given_up(bank):
    charge(bank, method="card_late")
    now, attempts = NOW + 2.0, 0
    while (letter := bank.take_letter(now)) is not None:
        attempts += 1
        bank.returned(letter, now)
        now += 1000.0

    assert attempts == MOST_ATTEMPTS


def test_a_letter_of_a_process_that_died_is_sent_by_another(bank):
    charge(bank, method="card_late")
    assert bank.take_letter(NOW + 2.0) is not None

    assert bank.take_letter(NOW + 33.0) is not None


class Listener:
    """What stands at PUBLIC_URL: refuses some posts, then accepts."""

    def __init__(self, *statuses: int | Exception) -> None:
        self.statuses = list(statuses)
        self.came: list[tuple[str, dict[str, str], bytes]] = []

    async def __call__(self, path, headers, body):
        self.came.append((path, dict(headers), body))
        status = self.statuses.pop(0) if self.statuses else 200
        if isinstance(status, Exception):
            raise status
        return status


@pytest.fixture
async def gateway(path):
    gateway = LocalGateway(Bank(path, 0.05), "http://127.0.0.1:9", (b"secret",), timedelta(minutes=5))
    yield gateway
    await gateway.close()


@pytest.mark.anyio
async def test_the_messenger_tries_again_until_it_is_accepted(gateway):
    listener = Listener(ConnectionRefusedError(), 503)
    gateway._post = listener
    gateway.bank.delay_seconds = 0.0
    made = charge(gateway.bank, method="card_late", now=time.time())

    gateway.send_webhooks()
    gateway.send_webhooks()  # one messenger is enough
    async with asyncio.timeout(20):
        while len(listener.came) < 3 or gateway.bank.next_moment() is not None:
            await asyncio.sleep(0.02)

    path, headers, body = listener.came[-1]
    assert path == "/api/v1/payments/webhooks/local"
    assert len(listener.came) == 3
    event = gateway.parse_webhook(headers, body)
    assert event.charge is not None
    assert (event.charge.id, event.charge.state) == (made.id, "succeeded")
    with pytest.raises(WebhookRefused):
        gateway.parse_webhook(headers, body + b" ")


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_no_error(gateway):
    gateway.bank.delay_seconds = 0.0
    charge(gateway.bank, method="card_late", now=time.time())

    assert await gateway.send_now() == 0
    assert gateway.bank.next_moment() is not None
