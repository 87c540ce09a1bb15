"""What `./dev check` reads of deployment: strict YAML, and a sentence for what could not be looked at."""

from pathlib import Path

import pytest
import yaml

from tools import check_deployment


def test_a_key_that_stands_twice_is_refused(tmp_path: Path):
    (tmp_path / "twice.yaml").write_text("kind: Service\nspec: {port: 80, port: 81}\n")

    with pytest.raises(yaml.YAMLError, match="stands twice"):
        check_deployment.documents(tmp_path / "twice.yaml")


def test_what_a_machine_lacks_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check_deployment.shutil, "which", lambda *_, **__: None)

    left_out = [sentence.partition(" ")[0] for sentence in check_deployment.left_out()]

    assert left_out == ["systemd", "deploy/nginx", "deploy/prometheus"]


def test_linters_that_cannot_be_installed_are_a_complaint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    lock = tmp_path / "linters.lock"
    lock.write_text("this is no requirement\n")
    monkeypatch.setattr(check_deployment, "ROOT", tmp_path)
    monkeypatch.setattr(check_deployment, "LOCK", lock)
    monkeypatch.setattr(check_deployment, "HOME", tmp_path / "linters")
    monkeypatch.setattr(check_deployment, "yaml_files", list)

    (complaint,) = check_deployment.complaints()

    assert complaint.startswith("the linters of linters.lock could not be installed, so nothing was looked at: ")
