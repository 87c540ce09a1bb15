"""Situations of payments."""

from uuid import UUID

from mainspring.core.errors import Conflict, Malformed, NotFound, PaymentRefused


class PaymentDeclined(PaymentRefused):
    """The bank refuses the charge (402). `reason` is the gateway's own word for it; it is shown in `details`."""

    code, message = "payments.declined", "The payment was declined."

    def __init__(self, reason: str = "declined", *, charge_id: str | None = None) -> None:
        super().__init__(details={"reason": reason})
        self.reason, self.charge_id = reason, charge_id


class RefundRefused(Conflict):
    """The gateway does not pay back: nothing was taken, or not so much is left (409)."""

    code, message = "payments.refund_refused", "This cannot be paid back."


class PaymentNotFound(NotFound):
    """No such payment, or not yours."""

    code = "payments.not_found"

    def __init__(self, id: UUID | str) -> None:
        super().__init__(f"Payment {id} was not found")


class KeyTaken(Conflict):
    """The key belongs to another payment: another amount, or another purpose (409)."""

    code, message = "payments.key_taken", "This key belongs to another payment."


class WebhookRefused(Malformed):
    """The webhook is unsigned, too old, altered, or not for this installation (400). Nothing was done."""

    code, message = "payments.webhook_refused", "The signature of this webhook is not accepted."


class UnknownGateway(NotFound):
    """This installation does not take payments through that gateway."""

    code, message = "payments.unknown_gateway", "This gateway is not in use here."
