"""A message as it travels: one recipient, a subject, a text and perhaps HTML.

What could forge a header is refused (ASVS 1.2.1).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from .. import ids

LOCAL_PART = re.compile(r'^[^\s@<>()\[\],;:"\\]{1,64}$')
DOMAIN = re.compile(r"^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$")
HEADER_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9-]{0,75}$")
OURS = frozenset(
    "from sender to cc bcc subject date message-id mime-version auto-submitted return-path received dkim-signature".split()
)
LINE_SEPARATORS = frozenset(("Zl", "Zp"))  # str.splitlines, and so the folding of headers, breaks at these too
LONGEST_HEADER = 900  # RFC 5322 section 2.1.1: a line has at most 998 characters


class MessageRefused(ValueError):
    """The message cannot be written down: an address that is none, or a header that would break out of its line."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address, with the name that a mail program shows before it. Raises MessageRefused.

    The domain is kept in its ASCII form (IDNA). A local part outside ASCII stays and needs a server that knows SMTPUTF8.
    """

    email: str
    name: str = ""

    def __post_init__(self) -> None:
        _check_line("name", self.name)
        local, _, domain = self.email.strip().rpartition("@")
        _check_line("address", local)
        if not LOCAL_PART.match(local):
            raise MessageRefused("the address of a message is not valid")
        object.__setattr__(self, "email", f"{local}@{_ascii_domain(domain)}")

    @classmethod
    def parse(cls, text: str) -> "Mailbox":
        """`ada@example.com` or `Ada Lovelace <ada@example.com>`. Raises MessageRefused."""
        name, bracket, rest = text.strip().rpartition("<")
        if not bracket:
            return cls(rest)
        return cls(rest.removesuffix(">").strip(), name.strip().strip('"').strip())

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.email.rpartition("@")[2]

    @property
    def is_ascii(self) -> bool:
        """Whether every mail server understands the address."""
        return self.email.isascii()


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one person. Raises MessageRefused.

    `id` makes the Message-ID, so a message that is sent twice can be told by its receiver. `headers` adds fields such as
    `Reply-To` or `List-Unsubscribe`; those that the message itself writes cannot be replaced.
    """

    to: Mailbox
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    id: UUID = field(default_factory=ids.new)

    def __post_init__(self) -> None:
        _check_line("subject", self.subject)
        for name, value in self.headers.items():
            if not HEADER_NAME.match(name) or name.lower() in OURS or name.lower().startswith("content-"):
                raise MessageRefused(f"a message takes no header {name[:40]!r}")
            _check_line(name, value)


def one_line(text: str) -> str:
    """The text on one line: what breaks lines or controls terminals becomes a single space."""
    return " ".join("".join(" " if _breaks(character) else character for character in text).split())


def _ascii_domain(domain: str) -> str:
    import idna

    try:
        found = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as cause:
        raise MessageRefused("the address of a message is not valid") from cause
    if not DOMAIN.match(found):
        raise MessageRefused("the address of a message is not valid")
    return found


def _check_line(name: str, text: str) -> None:
    if any(_breaks(character) for character in text):
        raise MessageRefused(f"the {name.lower()} of a message holds a line break or a control character")
    if len(text) > LONGEST_HEADER:
        raise MessageRefused(f"the {name.lower()} of a message is longer than {LONGEST_HEADER} characters")


def _breaks(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cs") or category in LINE_SEPARATORS
