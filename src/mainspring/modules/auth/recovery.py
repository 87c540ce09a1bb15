"""Recovery codes: what people write down for the day the authenticator is lost.

Each holds 120 random bits, too many to guess, so one SHA-256 keeps them (ASVS 6.5.2) and one statement finds and uses them up.
"""

import hashlib
import secrets
from base64 import b32encode

CODES = 10
CODE_BYTES = 15
GROUP = 4


def new_codes() -> list[str]:
    """Ten codes such as `ABCD-EFGH-IJKL-MNOP-QRST-UVWX`, to be shown once."""
    return [_grouped(b32encode(secrets.token_bytes(CODE_BYTES)).decode()) for _ in range(CODES)]


def code_hash(code: str) -> str:
    """SHA-256 of a code in hexadecimal, whatever the case and the hyphens it was typed with."""
    return hashlib.sha256(code.upper().replace("-", "").replace(" ", "").encode()).hexdigest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
