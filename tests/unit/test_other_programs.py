"""Tests of other programs are left out with a sentence where the program is missing."""

import json
from pathlib import Path

import pytest

from tests.e2e.chromium import NoChromium, find_chromium
from tests.e2e.node_clients import INTEROP, NoNode, check_node


def program(folder: Path, name: str, prints: str = "") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    return tmp_path


def test_a_missing_browser_is_told_with_its_remedy():
    with pytest.raises(NoChromium, match=r"none of chromium, .* is on the PATH .*apt-get install chromium"):
        find_chromium()


def test_a_named_browser_is_taken_before_the_one_on_the_path(path, monkeypatch):
    program(path, "chromium")
    assert find_chromium() == str(path / "chromium")

    monkeypatch.setenv("CHROMIUM", str(program(path, "mine")))
    assert find_chromium() == str(path / "mine")

    monkeypatch.setenv("CHROMIUM", str(path / "gone"))
    with pytest.raises(NoChromium, match="which is no program"):
        find_chromium()


def test_a_missing_node_is_told():
    with pytest.raises(NoNode, match="no node and no npm on the PATH"):
        check_node()


@pytest.mark.parametrize(("version", "suits"), [("v18.20.1", False), ("v20.0.0", True), ("v24.1.0", True)])
def test_an_old_node_is_told(path, version, suits):
    program(path, "npm")
    program(path, "node", version)

    if suits:
        check_node()
    else:
        with pytest.raises(NoNode, match=f"node is {version}"):
            check_node()


def test_the_lock_file_of_npm_names_no_place_and_a_hash_of_every_package():
    lock = json.loads((INTEROP / "package-lock.json").read_text())
    packages = [package for path, package in lock["packages"].items() if path]

    assert packages
    assert all("resolved" not in package and package["integrity"].startswith("sha512-") for package in packages)
