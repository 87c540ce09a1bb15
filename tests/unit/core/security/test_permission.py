"""A permission has one form and one declaration (R-106, D-46)."""

import pytest

from mainspring.core.module import BootRefused
from mainspring.core.security import permission
from mainspring.core.security.permission import Permission


@pytest.fixture(autouse=True)
def catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permission, "PERMISSIONS", {})


def test_a_permission_is_its_name_and_is_listed() -> None:
    wind = Permission("clocks:wind", "Wind clocks", roles=("user",))

    assert wind == "clocks:wind"
    assert {"clocks:wind": wind} == permission.PERMISSIONS


@pytest.mark.parametrize("name", ["clocks", "wind:", ":clocks", "Clocks:wind", "clocks:wind:up", "clocks.wind", "clocks:*"])
def test_another_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not of the form resource:action"):
        Permission(name, "Wind clocks")


def test_a_second_declaration_is_refused() -> None:
    Permission("clocks:wind", "Wind clocks")

    with pytest.raises(BootRefused, match=r"^The permission clocks:wind is declared twice: in \S+ and in \S+\.$"):
        Permission("clocks:wind", "Wind them again")
