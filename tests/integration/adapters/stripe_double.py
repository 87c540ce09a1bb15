"""A stand-in for Stripe: real HTTP on a free port, and of the API what we use, as Stripe documents it.

Idempotency keys answer the first answer again, also a declined one, and refuse other parameters. New payments are missing in the
search, as they may be at Stripe. Payment methods are Stripe's own test methods, and some that misbehave.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

API_KEY = "sk_test_a_very_secret_key"
DECLINED = {"pm_card_chargeDeclined": "generic_decline", "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds"}
Answer = tuple[int, dict[str, Any]]


class StripeDouble:
    """The state behind the server. `indexed` says whether the search knows payments yet."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[dict[str, str], Answer]] = {}
        self.requests: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.indexed = True
        self.failures: list[int] = []  # statuses for the next requests
        self.patience = threading.Event()  # what hangs goes on when it is set
        self.numbers = count(1)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.patience.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def count_of(self, method: str, path: str) -> int:
        """How many requests came."""
        return sum((one[0], one[1]) == (method, path) for one in self.requests)

    def answer(self, method: str, path: str, headers: dict[str, str], params: dict[str, str]) -> Answer:
        """What Stripe would say."""
        self.requests.append((method, path, headers, params))
        if headers.get("authorization") != f"Bearer {API_KEY}":
            return error(401, "invalid_request_error", f"Invalid API Key provided: {headers.get('authorization')}")
        with self._lock:
            if self.failures:
                status = self.failures.pop(0)
                kind = "rate_limit" if status == 429 else "lock_timeout" if status == 409 else None
                return error(status, "api_error" if status >= 500 else "invalid_request_error", "no", code=kind)
            key = headers.get("idempotency-key")
            if key is None or method != "POST":
                return self._routed(method, path, params)
            if key in self.answers:
                before, answer = self.answers[key]
                return answer if before == params else error(400, "idempotency_error", "Keys can only be used with the same")
            answer = self._routed(method, path, params)
            if answer[0] < 500:
                self.answers[key] = (params, answer)
            return answer

    def _routed(self, method: str, path: str, params: dict[str, str]) -> Answer:
        if (method, path) == ("POST", "/v1/payment_intents"):
            return self._charge(params)
        if (method, path) == ("POST", "/v1/refunds"):
            return self._refund(params)
        if path == "/v1/payment_intents/search":
            wanted = params["query"].partition(":'")[2].removesuffix("'").replace("\\'", "'").replace("\\\\", "\\")
            found = [one for one in self.intents.values() if one["metadata"].get("mainspring_key") == wanted and self.indexed]
            return 200, {"object": "search_result", "data": found, "has_more": False, "url": path}
        if path == "/v1/payment_intents":
            return self._list(params)
        found_one = self.intents.get(path.rpartition("/")[2])
        return (200, found_one) if found_one else error(404, "invalid_request_error", "none", code="resource_missing", param="id")

    def _charge(self, params: dict[str, str]) -> Answer:
        method = params["payment_method"]
        if not method.startswith("pm_"):
            return error(400, "invalid_request_error", "No such", code="resource_missing", param="payment_method")
        number = next(self.numbers)
        intent: dict[str, Any] = {
            "id": f"pi_{number}",
            "object": "payment_intent",
            "amount": int(params["amount"]),
            "currency": params["currency"],
            "status": {"pm_slow": "processing", "pm_asks": "requires_action"}.get(method, "succeeded"),
            "metadata": {name[9:-1]: value for name, value in params.items() if name.startswith("metadata[")},
            "last_payment_error": None,
            "latest_charge": {"id": f"ch_{number}", "object": "charge", "amount_refunded": 0},
            "created": int(time.time()),
        }
        self.intents[intent["id"]] = intent
        if method in DECLINED:
            problem = {"code": "card_declined", "decline_code": DECLINED[method], "message": "Your card was declined."}
            intent |= {"status": "requires_payment_method", "last_payment_error": problem}
            return error(402, "card_error", **problem, payment_intent=intent)
        if method == "pm_hangs":
            self._lock.release()
            self.patience.wait(30)
            self._lock.acquire()
        return 200, intent

    def _refund(self, params: dict[str, str]) -> Answer:
        intent = self.intents[params["payment_intent"]]
        charge, amount = intent["latest_charge"], int(params["amount"])
        if intent["status"] != "succeeded":
            return error(400, "invalid_request_error", "no charge", code="charge_not_refundable", param="payment_intent")
        if charge["amount_refunded"] + amount > intent["amount"]:
            return error(400, "invalid_request_error", "too much", code="charge_already_refunded")
        charge["amount_refunded"] += amount
        shown = {"id": f"re_{next(self.numbers)}", "object": "refund", "amount": amount, "status": "succeeded"}
        return 200, {**shown, "failure_reason": None, "charge": dict(charge)}

    def _list(self, params: dict[str, str]) -> Answer:
        since, size = int(params["created[gte]"]), int(params["limit"])
        found = [one for one in reversed(self.intents.values()) if one["created"] >= since]
        after = params.get("starting_after")
        if after:
            found = found[[one["id"] for one in found].index(after) + 1 :]
        return 200, {"object": "list", "data": found[:size], "has_more": len(found) > size, "url": "/v1/payment_intents"}


def error(status: int, kind: str, message: str, **more: Any) -> Answer:
    """Stripe's form of an error."""
    return status, {"error": {"type": kind, "message": message, **{name: value for name, value in more.items() if value}}}


def _handler(double: StripeDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers.get("content-length", 0))).decode())

        def _answer(self, method: str, text: str) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told = double.answer(method, urlsplit(self.path).path, headers, dict(parse_qsl(text)))
            content = orjson.dumps(told)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.send_header("request-id", "req_1")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Keep quiet."""

    return Handler
