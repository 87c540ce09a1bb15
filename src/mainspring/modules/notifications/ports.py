"""What a module that tells people something declares: the kinds of notifications it sends."""

import re
from typing import Literal

Channel = Literal["in_app", "mail"]
CHANNELS: tuple[Channel, ...] = ("in_app", "mail")
NAME = re.compile(r"^[a-z][a-z_]*\.[a-z][a-z_]*$")
KINDS: dict[str, "Kind"] = {}


class Kind(str):
    """A kind of notification, `<module>.<name>`; writing one registers it. Declare it in `events.py`, which every process loads.

    `text` completes "Tell me about ...". `in_app` and `mail` say where it goes until a user wishes otherwise; one that is
    `required` always goes there, because the safety of an account hangs on it. Raises ValueError for a bad or doubled name.
    """

    text: str
    in_app: bool
    mail: bool
    required: bool

    def __new__(cls, name: str, text: str, *, in_app: bool = True, mail: bool = False, required: bool = False) -> "Kind":
        if not NAME.match(name):
            raise ValueError(f"the kind {name!r} is not of the form module.name")
        self = super().__new__(cls, name)
        self.text, self.in_app, self.mail, self.required = text, in_app, mail, required
        if KINDS.setdefault(name, self) is not self:
            raise ValueError(f"the kind {name!r} is declared twice")
        return self

    def default(self, channel: Channel) -> bool:
        """Whether it goes through the channel until the user wishes otherwise."""
        return self.in_app if channel == "in_app" else self.mail

    def is_fixed(self, channel: Channel) -> bool:
        """Whether nobody can switch it off there."""
        return self.required and self.default(channel)

    @property
    def is_wholly_fixed(self) -> bool:
        """Whether a user has nothing to say about it."""
        return all(self.is_fixed(channel) for channel in CHANNELS)
