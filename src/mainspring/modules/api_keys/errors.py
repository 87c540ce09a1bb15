"""The situations of API keys."""

from uuid import UUID

from mainspring.core.errors import Conflict, Forbidden, Invalid, NotFound


class KeyNotFound(NotFound):
    """The same answer for a key that is not there, one that was revoked, and one the caller may not see."""

    code, message = "api_keys.not_found", "API key not found"


class TooManyKeys(Conflict):
    """The account has as many living keys as it may have."""

    code, message = "api_keys.too_many", "The account has too many API keys. Revoke one first."


class NotAServiceAccount(Forbidden):
    """Nobody makes or rotates the keys of another person, for that would be to act as him."""

    code, message = "api_keys.not_a_service_account", "Keys of a person are made and rotated by that person alone."

    def __init__(self, user_id: UUID) -> None:
        super().__init__(details={"userId": str(user_id)})


class KeyExpired(Conflict):
    """A key that has ended gets no new secret."""

    code, message = "api_keys.expired", "The key has expired. Make a new one."


class RotationUnderWay(Conflict):
    """The secret before the present one still works; a further rotation would cut it off."""

    code = "api_keys.rotation_under_way"
    message = "The key was rotated a while ago and its old secret still works. Wait for its end, or rotate with the overlap 0s."


class LifeTooLong(Invalid):
    """The key would live longer than keys may."""

    code = "VALIDATION_ERROR"

    def __init__(self, field: str, longest: str) -> None:
        message = f"A key lives at most {longest}"
        super().__init__(details=[{"field": field, "message": message, "code": "life_too_long"}])


class OverlapTooLong(Invalid):
    """The old secret would live on for too long."""

    code = "VALIDATION_ERROR"

    def __init__(self, longest: str) -> None:
        message = f"The old secret lives on for at most {longest}"
        super().__init__(details=[{"field": "overlap", "message": message, "code": "overlap_too_long"}])
