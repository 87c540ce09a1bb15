"""What the boot refuses before anything runs (R-030)."""

from typing import Any, Protocol

import pytest

from mainspring.core import application as application_file
from mainspring.core.application import Application, create_application
from mainspring.core.module import BootRefused, Module
from mainspring.core.settings import load_settings


class Clock(Protocol):
    """A port."""


@pytest.fixture
def settings(tmp_path: Any) -> Any:
    return load_settings({"DATA_DIR": str(tmp_path)}, tmp_path, modules=[])


async def test_a_module_that_names_no_function_is_refused_at_the_start(settings: Any) -> None:
    module = Module("sundials", "mainspring.modules.catalog", provides={Clock: "errors:sundial"})
    application = Application(settings, [module])

    with pytest.raises(BootRefused, match=r"^Module sundials names errors:sundial, and there is no such function\.$"):
        await application.start()


def test_without_anybody_who_knows_sessions_nothing_starts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application_file, "discover", list)

    with pytest.raises(BootRefused, match=r"^No implementation registered for SessionSource\.$"):
        create_application(settings)


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        (
            "permissions",
            "from mainspring.core.security.permission import Permission\nREAD = Permission('products:read', 'Read products')\n",
            "The permission products:read is declared twice: in {catalog}.permissions and in {package}.permissions.",
        ),
        (
            "models",
            "from mainspring.core.database import Model\nclass Thing(Model):\n    __tablename__ = 'products'\n",
            "The table products is declared twice: in {catalog}.models and in {package}.models.",
        ),
    ],
)
def test_what_another_module_has_already_is_refused(
    settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, file: str, text: str, sentence: str
) -> None:
    package = f"second_shop_{file}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    (tmp_path / package / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    modules = [Module("catalog", "mainspring.modules.catalog"), Module("shop", package)]

    with pytest.raises(BootRefused) as refused:
        Application(settings, modules)

    assert str(refused.value) == sentence.format(package=package, catalog="mainspring.modules.catalog")
