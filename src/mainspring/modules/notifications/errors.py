"""Situations of notifications."""

from uuid import UUID

from mainspring.core.errors import Conflict, Invalid, NotFound


class NotificationNotFound(NotFound):
    """Not there, or somebody else's."""

    code = "notifications.not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"Notification {id} was not found")


class UnknownKind(Invalid):
    """No module sends notifications of this kind."""

    code = "notifications.unknown_kind"

    def __init__(self, position: int) -> None:
        field = f"preferences.{position}.kind"
        super().__init__(
            details=[{"field": field, "message": "There are no notifications of this kind.", "code": "unknown_kind"}]
        )


class KindRequired(Conflict):
    """The safety of the account hangs on these notifications, so they stay on."""

    code, message = "notifications.kind_required", "These notifications cannot be switched off."

    def __init__(self, kind: str) -> None:
        super().__init__(details={"kind": kind})
