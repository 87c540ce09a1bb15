"""The audit of what is installed (R-019, R-020)."""

from importlib.metadata import distribution

import pytest

from tools import audit


def test_what_is_installed_is_what_is_locked() -> None:
    assert audit.complaints() == []


def test_a_package_that_cannot_be_checked_fails() -> None:
    assert audit.complaints("no-such-package==1.0 \\\n    --hash=sha256:00\n") == [
        "no-such-package 1.0 is locked and not installed, so it cannot be checked"
    ]


def test_another_version_than_the_locked_one_fails() -> None:
    version = distribution("fastapi").version

    assert audit.complaints("fastapi==0.0.1\n") == [f"fastapi is installed as {version}, and 0.0.1 is locked"]


def test_a_line_that_pins_nothing_fails() -> None:
    with pytest.raises(ValueError, match="pins no version"):
        audit.complaints("fastapi>=0.1\n")


def test_a_package_for_another_system_is_not_needed_here() -> None:
    assert audit.complaints("no-such-package==1.0 ; sys_platform == 'nowhere'\n") == []


def test_a_changed_file_is_found(tmp_path, monkeypatch) -> None:
    package, notes = tmp_path / "thing", tmp_path / "thing-1.0.dist-info"
    package.mkdir()
    notes.mkdir()
    (package / "__init__.py").write_text("CHANGED = True\n")
    (notes / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (notes / "RECORD").write_text("thing/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert audit.complaints("thing==1.0\n") == ["thing: thing/__init__.py is not the file that was installed"]
