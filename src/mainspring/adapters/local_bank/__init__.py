"""A bank for trying out and for tests. It moves no money, and behaves like one that does: it has a file of its own, keeps its
word after a crash, declines, hesitates, loses its answers, and sends signed webhooks.

| payment method | the bank |
|---|---|
| `card_ok` | takes the money |
| `card_declined` | refuses |
| `card_timeout` | takes the money, and never answers |
| `card_late` | decides later, takes the money and tells it by a webhook |
| `card_late_declined` | decides later, refuses and tells it by a webhook |
"""

from .gateway import LocalGateway, local_bank

__all__ = ["LocalGateway", "local_bank"]
