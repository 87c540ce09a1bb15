"""`mainspring users` and `mainspring roles`."""

import subprocess
import sys
from pathlib import Path

import pytest

from mainspring.testing.client import PASSWORD
from mainspring.testing.databases import environment_of_tests

MAINSPRING = Path(sys.executable).with_name("mainspring")


@pytest.fixture
def run(database_url, tmp_path):
    given = {"PATH": "/usr/bin:/bin", **environment_of_tests(), "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}

    def command(*arguments, typed=""):
        return subprocess.run(
            [str(MAINSPRING), *arguments], input=typed, env=given, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )

    return command


def test_an_administrator_is_made_shown_and_cannot_be_shut_out(run):
    # ASVS 6.3.2: no default account, the first administrator by a command
    made = run("users", "create-admin", "--email", "Ada@Example.com", "--name", "Ada", "--password-stdin", typed=f"{PASSWORD}\n")
    assert made.returncode == 0, made.stderr

    shown = run("users", "list")
    assert made.stdout.strip() in shown.stdout
    assert "ada@example.com" in shown.stdout
    assert "admin,user" in shown.stdout

    refused = run("users", "disable", "ada@example.com")
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("The last administrator cannot be removed or disabled.")


def test_mistakes_are_told_in_a_sentence(run):
    weak = run("users", "create", "--email", "bob", "--name", "Bob", "--password-stdin", typed="short\n")
    assert weak.returncode == 1
    assert "Email must be a valid e-mail address" in weak.stderr

    nobody = run("roles", "grant", "nobody@example.com", "moderator")
    assert nobody.returncode == 1
    assert "There is no account nobody@example.com." in nobody.stderr

    silent = run("users", "create", "--email", "bob@example.com", "--name", "Bob")
    assert silent.returncode == 2


def test_roles_are_given_and_taken(run):
    run("users", "create", "--email", "bob@example.com", "--name", "Bob", "--password-stdin", typed=f"{PASSWORD}\n")

    assert run("roles", "grant", "bob@example.com", "moderator").returncode == 0
    assert "moderator,user" in run("users", "list").stdout
    assert run("roles", "revoke", "bob@example.com", "moderator").returncode == 0
    assert "moderator,user" not in run("users", "list").stdout
    assert "moderator" in run("roles", "list").stdout
