"""R-205: `.env.example` and the guide name every setting, with its default."""

import re
from pathlib import Path

from mainspring.core.module import discover
from mainspring.core.settings import Settings, load_settings
from mainspring.core.settings.example import described, example, guide

ROOT = Path(__file__).parents[4]


def test_the_example_file_names_everything():
    assert (ROOT / ".env.example").read_text() == example(_built_in()), "run: mainspring settings --example > .env.example"


def test_the_guide_has_the_table_of_all_settings():
    page = (ROOT / "docs" / "guides" / "running.md").read_text()

    shown = page.partition("<!-- settings -->\n")[2].partition("<!-- end of settings -->")[0]

    assert shown.strip() == guide(_built_in()).strip()


def test_every_name_has_a_meaning():
    assert [line.name for line in described(_built_in()) if not line.meaning] == []


def test_the_example_can_be_used_as_it_is(tmp_path):
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    assert load_settings({}, tmp_path, modules=_built_in()).port == 8000

    uncommented = re.sub(r"^#([A-Z_]+=)", r"\1", (ROOT / ".env.example").read_text(), flags=re.M)
    (tmp_path / ".env").write_text(uncommented)

    assert isinstance(load_settings({}, tmp_path, modules=_built_in()), Settings)


def _built_in():
    return [module for module in discover() if module.package.startswith("mainspring.")]
