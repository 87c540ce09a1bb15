"""An e-mail address in its one canonical form, so that one mailbox has one account (R-055)."""

import unicodedata
from typing import Annotated

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_LENGTH = 255
IN_HOUSE = {"local", "test"}  # no mail reaches them from outside, but people in house and tests have them
SPECIAL_USE_DOMAIN_NAMES[:] = [name for name in SPECIAL_USE_DOMAIN_NAMES if name not in IN_HOUSE]  # as the library documents


def normalised(text: str) -> str:
    """Trim, NFKC, lower-case, and write the domain in its ASCII form (IDNA). Dots and +tags stay.

    Raises ValueError when the text is no address or is longer than 255 characters.
    """
    cleaned = unicodedata.normalize("NFKC", text.strip()).lower()
    if len(cleaned) > MAX_LENGTH:
        raise ValueError("the address is too long")
    try:
        parts = validate_email(cleaned, check_deliverability=False)
    except EmailNotValidError as cause:
        raise ValueError("the text is not an address") from cause
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
