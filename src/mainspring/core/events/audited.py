"""Facts that leave a row in the audit trail, told in as few words as possible."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from .event import Event


class AuditedFact(Event, audited=True):
    """The base of a family of audited facts: fields stand in the family's class, each kind adds its name and `action`.

    The row shows the field `changed` where there is one, otherwise every field but the one that `about` names and those
    declared with `field(repr=False)`, which is how a secret stays out of the trail.
    """

    __slots__ = ()

    def changes(self) -> Mapping[str, Any]:
        """What the row shows, in camelCase."""
        fact = cast(Any, self)  # a dataclass, which its base cannot say
        if hasattr(fact, "changed"):
            return cast("Mapping[str, Any]", fact.changed)
        shown = (field.name for field in fields(fact) if field.repr and field.name != self.about)
        return {_camel(name): getattr(self, name) for name in shown}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
