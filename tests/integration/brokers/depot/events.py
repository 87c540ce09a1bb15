"""Facts that the depot hears from another program, which is the mailroom."""

from dataclasses import dataclass

from mainspring.core.events import Event


@dataclass(frozen=True, slots=True)
class LetterHeard(Event, resource="box", about="box", outside="mailroom.LetterPosted"):
    """A letter was posted somewhere else."""

    box: str
    number: int
