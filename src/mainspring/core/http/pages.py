"""Lists: what a client may ask for, and how a page answers (R-144, R-244, R-245, API.md)."""

from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ..context import CURRENT
from ..errors import Invalid
from .cursors import CursorRefused, Cursors, Position
from .exchange import Exchange
from .schemas import Schema

if TYPE_CHECKING:
    from ..database import Listing, Page, Slice, UnitOfWork  # type: ignore[attr-defined, unused-ignore]

T = TypeVar("T")
R = TypeVar("R")

LAST_PAGE = 1_000_000  # beyond it the offset would leave the database's whole numbers
OWN_FIELDS = frozenset(("page", "limit", "sort", "cursor"))


class ListQuery(Schema):
    """The query of a list. Subclasses add filters as fields and may narrow `sort` to a Literal:
    `query: Annotated[ProductQuery, Query()]`."""

    page: int = Field(default=1, ge=1, le=LAST_PAGE, description="Which page, from 1.")
    limit: int = Field(default=20, ge=1, le=100, description="Rows on a page.")
    sort: str | None = Field(default=None, max_length=64, description="The field to sort by; a leading minus sorts downwards.")
    cursor: str | None = Field(
        default=None, max_length=1024, description="Where to go on; empty for the first page. Takes the place of `page`."
    )

    @property
    def filters(self) -> dict[str, Any]:  # Any: each filter has its own type
        """The filters that were asked for, by field name."""
        return {
            name: value
            for name in type(self).model_fields
            if name not in OWN_FIELDS and (value := getattr(self, name)) is not None
        }

    async def fetch(self, uow: "UnitOfWork", listing: "Listing[R]", **more: Any) -> "Page[R] | Slice[R]":  # Any: as filters
        """The page, or with `cursor` the slice, that was asked for; `more` adds filters that the caller does not choose.

        Raises Invalid for a sort that the listing does not allow and for a foreign cursor.
        """
        filters = {**self.filters, **more}
        sort = self.sort or listing.default
        if sort.removeprefix("-") not in listing.sorts:
            raise _unknown_sort(listing.sorts)
        if self.cursor is None:
            return await uow.page(listing, filters=filters, sort=sort, page=self.page, limit=self.limit)
        position: Position | None = None
        if self.cursor:
            sort_of_cursor, position = _cursors().read(self.cursor)
            if self.sort not in (None, sort_of_cursor) or sort_of_cursor.removeprefix("-") not in listing.sorts:
                raise CursorRefused()
            sort = sort_of_cursor
        return await uow.slice(listing, filters=filters, sort=sort, position=position, limit=self.limit)


class Pagination(BaseModel):
    """Where the page stands. By number: page, limit, total, pages. By cursor: limit, nextCursor, prevCursor."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    limit: int
    page: int | None = None
    total: int | None = None
    pages: int | None = None
    next_cursor: str | None = None
    prev_cursor: str | None = None


class PageOut(BaseModel, Generic[T]):
    """A page of answers: `{"data": [...], "pagination": {...}}`."""

    model_config = ConfigDict(from_attributes=True)

    data: list[T]
    pagination: Pagination

    @classmethod
    def of(cls, page: "Page[Any] | Slice[Any]") -> Self:  # Any: rows, of which T takes its declared fields
        """The answer for what `ListQuery.fetch` found."""
        return cls.model_validate({"data": page.rows, "pagination": pagination_of(page)})


def pagination_of(page: "Page[Any] | Slice[Any]") -> Pagination:
    """The pagination block of a page or a slice."""
    from ..database import Page  # type: ignore[attr-defined, unused-ignore]

    if isinstance(page, Page):
        return Pagination(page=page.page, limit=page.limit, total=page.total, pages=page.pages)
    cursors = _cursors()
    return Pagination(
        limit=page.limit,
        next_cursor=None if page.next is None else cursors.write(page.sort, page.next),
        prev_cursor=None if page.prev is None else cursors.write(page.sort, page.prev),
    )


def _cursors() -> Cursors:
    exchange = CURRENT.get()
    assert isinstance(exchange, Exchange)  # noqa: S101 - cursors exist in HTTP only
    return Cursors(exchange.application.settings.session_secret)


def _unknown_sort(sorts: Any) -> Invalid:
    allowed = ", ".join(name for sort in sorts for name in (sort, f"-{sort}"))
    return Invalid(details=[{"field": "sort", "message": f"Sort must be one of {allowed}", "code": "literal_error"}])
