"""Modules start in the order of their requirements, or the boot says in a sentence why not (R-021, R-022, R-048)."""

import pytest

from mainspring.core.module import BootRefused, Module, discover, in_order


def module(name: str, *requires: str, version: int = 1) -> Module:
    return Module(name, f"nowhere.{name}", version=version, requires=requires)


def test_requirements_come_first() -> None:
    ordered = in_order([module("orders", "stock>=2", "users"), module("stock", version=2), module("users")])

    assert [each.name for each in ordered] == ["stock", "users", "orders"]


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        ([module("orders", "users")], "Module orders requires users, which is not installed."),
        ([module("orders", "users>=2"), module("users")], "Module orders requires users>=2, but 1 is installed."),
        ([module("a", "b"), module("b", "a")], "Modules require each other in a circle: a -> b -> a."),
    ],
)
def test_what_does_not_fit_stops_the_boot(modules: list[Module], sentence: str) -> None:
    with pytest.raises(BootRefused) as refused:
        in_order(modules)

    assert str(refused.value) == sentence


def test_the_built_in_modules_are_found_without_a_list() -> None:
    names = [each.name for each in discover()]

    assert {"users", "access", "auth", "audit", "catalog"} <= set(names)
    assert names.index("users") < names.index("access") < names.index("auth")
