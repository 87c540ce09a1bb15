"""Ports and what answers them (R-030, R-031)."""

from typing import Protocol, cast

import pytest

from mainspring.core.database import UnitOfWork
from mainspring.core.module import BootRefused
from mainspring.core.registry import Registry


class Clock(Protocol):
    """A port."""


class Sundial:
    """One implementation."""


class Hourglass:
    """Another one."""


def test_register_makes_a_new_one_each_time() -> None:
    ports = Registry()
    ports.register(Clock, Sundial)

    assert ports.resolve(Clock) is not ports.resolve(Clock)


def test_a_singleton_is_made_once_at_the_first_question() -> None:
    ports = Registry()
    ports.singleton(Clock, Sundial)

    assert ports.made(Clock) is None
    assert ports.resolve(Clock) is ports.resolve(Clock) is ports.made(Clock)


def test_a_scoped_one_belongs_to_the_unit_that_asks() -> None:
    ports, unit = Registry(), cast(UnitOfWork, object())
    seen: list[object] = []
    ports.scoped(Clock, lambda uow: seen.append(uow) or Sundial())

    assert isinstance(ports.resolve(Clock, unit), Sundial)
    assert seen == [unit]


def test_a_later_registration_replaces_an_earlier_one() -> None:
    ports = Registry()
    ports.singleton(Clock, Sundial)
    ports.resolve(Clock)
    ports.singleton(Clock, Hourglass)

    assert isinstance(ports.resolve(Clock), Hourglass)


def test_an_unknown_port_is_told_by_name() -> None:
    with pytest.raises(BootRefused, match=r"^No implementation registered for Clock\.$"):
        Registry().resolve(Clock)
