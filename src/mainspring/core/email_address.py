"""An e-mail address in its one canonical form, so that one mailbox has one account (R-055)."""

import unicodedata
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_LENGTH = 255


def normalised(text: str) -> str:
    """Trim, NFKC, lower-case, and write the domain in its ASCII form (IDNA). Dots and +tags stay.

    Raises ValueError when the text is no address or is longer than 255 characters.
    """
    cleaned = unicodedata.normalize("NFKC", text.strip()).lower()
    if len(cleaned) > MAX_LENGTH:
        raise ValueError("the address is too long")
    try:
        # .test, .local and the like are addresses in tests and in house
        parts = validate_email(cleaned, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as cause:
        raise ValueError("the text is not an address") from cause
    if "." not in parts.ascii_domain:
        raise ValueError("the address has no full domain")
    address = f"{parts.local_part}@{parts.ascii_domain}".lower()
    if len(address) > MAX_LENGTH:
        raise ValueError("the address is too long")
    return address


def _checked(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("email_required", "Email is required")
    try:
        return normalised(text)
    except ValueError:
        raise PydanticCustomError("email_invalid", "Email must be a valid e-mail address") from None


Email = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAX_LENGTH, "examples": ["ada@example.com"]}),
]
