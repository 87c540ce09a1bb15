"""The rules of payments."""

from .charging import Charging
from .payments import PaymentService
from .webhooks import WebhookService

__all__ = ["Charging", "PaymentService", "WebhookService"]
