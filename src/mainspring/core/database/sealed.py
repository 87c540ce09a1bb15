"""Columns whose text is sealed under ENCRYPTION_KEY, as whoever seals them declares it (R-087)."""

from dataclasses import dataclass
from string import Formatter

from .model import Model


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`purpose` is that of the cipher; `place` what the text is bound to, columns of its row in braces: `users/{user_id}`."""

    model: type[Model]
    column: str
    purpose: str
    place: str

    @property
    def name(self) -> str:
        """Table and column."""
        return f"{self.model.__tablename__}.{self.column}"

    @property
    def place_columns(self) -> tuple[str, ...]:
        """The columns that the place is made of."""
        return tuple(field for _, field, _, _ in Formatter().parse(self.place) if field)
