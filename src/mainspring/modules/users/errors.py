"""The situations of users."""

from uuid import UUID

from mainspring.core.errors import Conflict, Forbidden, NotFound


class UserNotFound(NotFound):
    """The same answer for a user who is not there and one the caller may not see (R-340)."""

    code = "users.not_found"

    def __init__(self, id: UUID) -> None:
        super().__init__(f"User {id} was not found")


class NoSuchAccount(NotFound):
    """The command line names an address that nobody has."""

    code = "users.not_found"

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no account {email}.")


class EmailTaken(Conflict):
    """Another account has this address (R-056)."""

    code, message = "users.email_taken", "Email already exists"

    def __init__(self) -> None:
        super().__init__(details=[{"field": "email", "message": self.message, "code": "taken"}])


class OwnAccount(Forbidden):
    """One's own account goes by another door, which asks for the password."""

    code, message = "users.own_account", "Delete your own account with DELETE /users/me, which asks for your password."


class OwnStatus(Forbidden):
    """Nobody disables or enables himself (R-334)."""

    code, message = "users.own_status", "You cannot change your own status."
