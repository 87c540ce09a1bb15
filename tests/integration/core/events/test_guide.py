"""The code of docs/guides/events.md runs as it stands there."""

import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.events.catalogue import EventCatalogue
from mainspring.core.module import Module, discover
from mainspring.core.settings import Settings
from mainspring.testing.client import AppClient

GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "events.md"
BLOCKS = re.findall(r"^```python\n(.+?)^```$", GUIDE.read_text(), re.M | re.S)
PACKAGE = "lanterns_of_the_guide"
NOTES: list[str] = []
LANTERN = ids.new()


class MothService:
    """Remembers what was done, once its unit has committed."""

    def __init__(self, uow: Any) -> None:
        self.uow = uow

    async def fly_to(self, lantern_id: Any) -> None:
        self.uow.after_commit(lambda: NOTES.append(f"moths {lantern_id}"))

    async def note(self, text: str) -> None:
        self.uow.after_commit(lambda: NOTES.append(text))


@pytest.fixture
async def application(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Application]:
    """With the guide's code as a module: its facts in events.py, its subscribers in subscribers.py."""
    facts = [block for block in BLOCKS if "(Event" in block or ("Event)" in block and "@subscribe" not in block)]
    (subscribers,) = (block for block in BLOCKS if "@subscribe" in block)
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "events.py").write_text("\n".join(facts))
    head = f"from {PACKAGE}.events import LanternEvent, LanternLit\nfrom {__name__} import MothService\n"
    (folder / "subscribers.py").write_text(head + subscribers)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, __name__, _this())
    NOTES.clear()
    application = Application(settings, [*discover(), Module("lanterns", PACKAGE)])
    await application.start()
    try:
        yield application
    finally:
        await application.stop()
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


def _this() -> ModuleType:
    found = ModuleType(__name__)
    found.__dict__["MothService"] = MothService
    return found


async def test_the_guide_does_what_it_says(app: AppClient, application: Application) -> None:
    catalogue = application.resolve(EventCatalogue)
    make: Any = [catalogue.find(f"lanterns.Lantern{name}") for name in ("Lit", "Broken", "Lent")]

    async with application.unit() as uow:
        uow.publish(make[0](LANTERN, "green"))
        uow.publish(make[1](LANTERN, "red"))
        uow.publish(make[2](LANTERN, "Ada"))
    await app.work()

    assert f"moths {LANTERN}" in NOTES
    assert [note for note in NOTES if note.startswith("lanterns")] == ["lanterns.LanternLit green", "lanterns.LanternBroken red"]


async def test_the_fact_that_grew_reads_its_older_version(application: Application) -> None:
    catalogue = application.resolve(EventCatalogue)
    sold = catalogue.find("lanterns.LanternSold")
    assert sold is not None

    found = catalogue.codec_of(sold).decode({"lantern_id": str(LANTERN), "coins": 3}, 1)

    assert found == sold(LANTERN, 300)  # type: ignore[call-arg]  # the guide's class
    assert catalogue.outside["warehouse.LampOrdered"].__name__ == "LampOrdered"
