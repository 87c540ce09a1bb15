"""Money is whole minor units of one currency (D-49)."""

import pytest

from mainspring.core.money import Money


def test_amounts_of_one_currency_add_up_exactly() -> None:
    price = Money(1999, "EUR")

    assert price * 3 + Money(3, "EUR") - price == Money(4001, "EUR")


def test_two_currencies_never_mix() -> None:
    for mixed in (Money.__add__, Money.__sub__):
        with pytest.raises(ValueError, match="EUR and USD do not add up"):
            mixed(Money(1, "EUR"), Money(1, "USD"))
