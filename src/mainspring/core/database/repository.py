"""The base of a module's repositories."""

from .unit_of_work import UnitOfWork


class Repository:
    """Asks the database through the unit it is given; knows no rules and never commits."""

    __slots__ = ("uow",)

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
