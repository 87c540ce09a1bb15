"""Lists: what a client may ask for, and how a page answers (R-144, R-244, R-245, API.md)."""

from functools import cache
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ..context import CURRENT
from ..database import Listing, Page, Slice, UnitOfWork
from .cursors import CursorRefused, Cursors
from .exchange import Exchange
from .schemas import Schema

T = TypeVar("T")
R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)

LAST_PAGE = 1_000_000  # beyond it the offset would leave the database's whole numbers
MOST_ON_PAGE = 100
OWN_FIELDS = frozenset(("page", "limit", "sort", "cursor"))


class ListQuery(Schema):
    """The query of a list. Subclasses add filters as fields and may narrow `sort` to a Literal:
    `query: Annotated[ProductQuery, Query()]`."""

    page: int = Field(default=1, ge=1, le=LAST_PAGE, description="Which page, from 1.")
    limit: int = Field(default=20, ge=1, le=MOST_ON_PAGE, description="Rows on a page.")
    sort: str | None = Field(default=None, max_length=64, description="The field to sort by; a leading minus sorts downwards.")
    cursor: str | None = Field(
        default=None, max_length=1024, description="Where to go on; empty for the first page. Takes the place of `page`."
    )

    @property
    def filters(self) -> dict[str, Any]:  # Any: each filter has its own type
        """The filters that were asked for, by field name."""
        return {name: value for name in filter_names(type(self)) if (value := getattr(self, name)) is not None}

    async def fetch(self, uow: UnitOfWork, listing: Listing[R], **more: Any) -> Page[R] | Slice[R]:  # Any: as filters
        """The page, or with `cursor` the slice, that was asked for; `more` adds filters that the caller does not choose.

        Raises Invalid for a sort that the listing does not allow and for a foreign cursor.
        """
        filters = {**self.filters, **more}
        if self.cursor is None:
            return await uow.page(listing, filters=filters, sort=self.sort, page=self.page, limit=self.limit)
        sort, position = self.sort, None
        if self.cursor:
            position = _cursors().read(self.cursor)
            sort = str(position[1])
            if self.sort not in (None, sort):
                raise CursorRefused()
        return await uow.slice(listing, filters=filters, sort=sort, position=position, limit=self.limit)


@cache
def filter_names(query: type[ListQuery]) -> tuple[str, ...]:
    """The fields that a subclass of ListQuery adds."""
    return tuple(name for name in query.model_fields if name not in OWN_FIELDS)


class NumberedPages(BaseModel):
    """Where a page stands among all of them."""

    page: int
    limit: int
    total: int
    pages: int


class CursorPages(BaseModel):
    """How to go on from a slice; null where there is nothing more."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True)

    limit: int
    next_cursor: str | None
    prev_cursor: str | None


class PageOut(BaseModel, Generic[T]):
    """A page of answers: `{"data": [...], "pagination": {...}}`."""

    model_config = ConfigDict(from_attributes=True)

    data: list[T] = Field(json_schema_extra={"maxItems": MOST_ON_PAGE})
    pagination: NumberedPages | CursorPages

    @classmethod
    def of(cls, page: Page[Any] | Slice[Any]) -> Self:  # Any: rows, of which T takes its declared fields
        """The answer for what `ListQuery.fetch` found. The rows become `T` when the answer is rendered, not before."""
        return made(cls, {"data": page.rows, "pagination": pagination_of(page)})


def pagination_of(page: Page[Any] | Slice[Any]) -> NumberedPages | CursorPages:
    """The pagination block of a page or a slice."""
    if isinstance(page, Page):
        return made(NumberedPages, {"page": page.page, "limit": page.limit, "total": page.total, "pages": page.pages})
    cursors = _cursors()
    next_cursor = None if page.next is None else cursors.write(page.next)
    prev_cursor = None if page.prev is None else cursors.write(page.prev)
    return made(CursorPages, {"limit": page.limit, "next_cursor": next_cursor, "prev_cursor": prev_cursor})


def made(model: type[M], values: dict[str, Any]) -> M:  # Any: the fields' own types
    """An instance of a model from values that are known to fit; what `model_construct` does, without its 7 µs."""
    instance = model.__new__(model)
    put = object.__setattr__
    put(instance, "__dict__", values)
    put(instance, "__pydantic_fields_set__", set(values))
    put(instance, "__pydantic_extra__", None)
    put(instance, "__pydantic_private__", None)
    return instance


def _cursors() -> Cursors:
    exchange = CURRENT.get()
    assert isinstance(exchange, Exchange)  # noqa: S101 - cursors exist in HTTP only
    assert exchange.cursors is not None  # noqa: S101 - the outermost layer gave them
    return exchange.cursors
