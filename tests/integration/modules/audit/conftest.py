"""Another hand that changes the tables behind the program's back."""

from tests.integration.core.audit.conftest import tamper

__all__ = ["tamper"]
