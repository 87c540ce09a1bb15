"""The lock files and the first command of the README."""

import subprocess
from pathlib import Path

import pytest

from tools import lock_files

ROOT = Path(__file__).parents[2]


def test_the_lock_file_names_no_place_of_one_machine():
    text = (ROOT / "requirements.lock").read_text() + (ROOT / "uv.lock").read_text()

    assert "file:/" not in text
    assert "--find-links" not in text
    assert "/opt/" not in text


def test_both_lock_files_fit_the_project():
    assert lock_files.complaints() == []


def test_every_locked_package_has_a_hash():
    packages = [line for line in (ROOT / "requirements.lock").read_text().split("\n") if "==" in line]
    hashed = (ROOT / "requirements.lock").read_text().split("\\\n    --hash")

    assert packages
    assert len(hashed) > len(packages)


@pytest.mark.parametrize("deed", ["serve", "test", "check", "bench", "docs"])
def test_dev_names_each_of_its_deeds(deed):
    shown = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True, timeout=10).stdout

    assert f"./dev {deed}" in shown
