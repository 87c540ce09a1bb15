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
