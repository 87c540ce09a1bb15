"""How the matrix asks as the payment gateway does."""

import orjson

from mainspring.adapters.local_bank import LocalGateway
from mainspring.adapters.local_bank.bank import Booking, letter_of
from mainspring.core import clock, ids
from mainspring.testing.client import AppClient


def signed_webhook(app: AppClient) -> tuple[dict[str, str], bytes]:
    """A webhook of the local bank about a charge that is not ours: proved, kept, without effect."""
    booking = Booking(ids.secret(8), ids.secret(8), 100, "EUR", "card_ok", "succeeded", None, 0)
    body = orjson.dumps(letter_of(ids.secret(8), booking, clock.now().timestamp()))
    return app.application.resolve(LocalGateway).signature(body), body
