"""Whether what was measured is right: bodies sampled under load, and every acknowledged create in the table afterwards."""

import http.client
import json
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from .databases import Store
from .load import CONNECTIONS, Window

LIST = "/api/v1/products?cursor=&limit=20&sort=-createdAt"
FIELDS = {"id", "name", "description", "category", "price", "stock", "createdAt", "updatedAt"}


class WrongAnswer(AssertionError):
    """The server was fast and wrong."""


class Sampler:
    """Reads the list ten times a second while the block runs, and checks each answer."""

    def __init__(self, url: str, tokens: Path) -> None:
        self.address = urlsplit(url)
        self.tokens = tokens.read_text().split()
        self.checked = 0
        self.problem: Exception | None = None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self) -> "Sampler":
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ending.set()
        self.thread.join()
        if self.problem is not None:
            raise self.problem
        if not self.checked:
            raise WrongAnswer("No answer was sampled.")

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=10)
        try:
            while True:
                token = self.tokens[self.checked % len(self.tokens)]
                connection.request("GET", LIST, headers={"Authorization": f"Bearer {token}"})
                answer = connection.getresponse()
                check_list(answer.status, answer.read())
                self.checked += 1
                if self.ending.wait(0.1):
                    return
        except Exception as problem:  # told by __exit__ on the thread that measures
            self.problem = problem
        finally:
            connection.close()


def check_list(status: int, body: bytes) -> None:
    """Raises WrongAnswer unless this is a slice of 20 products, newest first, with a cursor to go on."""
    if status != 200:
        raise WrongAnswer(f"The list answered {status}: {body[:300]!r}")
    page = json.loads(body)
    rows = page["data"]
    if len(rows) != 20 or page["pagination"]["limit"] != 20 or not page["pagination"]["nextCursor"]:
        raise WrongAnswer(f"The list is not a slice of 20: {len(rows)} rows, {page['pagination']}")
    order = [(row["createdAt"], row["id"]) for row in rows]
    if order != sorted(order, reverse=True) or len(set(order)) != 20:
        raise WrongAnswer("The list is not newest first.")
    if any(not row.keys() >= FIELDS or not isinstance(row["price"]["amount"], int) for row in rows):
        raise WrongAnswer(f"A product lacks fields: {rows[0]}")


def check_window(window: Window) -> None:
    """Raises WrongAnswer when a request failed."""
    if window.failed:
        raise WrongAnswer(f"{window.failed} of {window.failed + window.answered} requests failed.")


def check_creates(store: Store, url: str, prefix: str, window: Window) -> None:
    """Raises WrongAnswer when an acknowledged create is not in the table, twice there, or has no audit row.

    wrk stops with up to 32 requests under way; those may be in the table unacknowledged.
    """
    deadline = time.monotonic() + 2
    while True:
        names = store.names_like(url, prefix)
        audited = store.audited(url)
        surplus = len(names) - window.answered
        if 0 <= surplus <= CONNECTIONS and len(set(names)) == len(names) and audited == len(names):
            return
        if time.monotonic() > deadline:
            raise WrongAnswer(f"{window.answered} creates acknowledged, {len(names)} in the table, {audited} audited.")
        time.sleep(0.1)
