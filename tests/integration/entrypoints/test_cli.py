"""The command line: what it says, where it says it, and its exit codes."""

import json
import os
import subprocess
import sys

import pytest

from mainspring.core.http.yaml import to_yaml
from mainspring.entrypoints import cli

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture
def console(monkeypatch, tmp_path, capsys):
    """Runs a command in this process, in an empty folder with nothing in the environment: (exit code, output, errors)."""
    for name in list(os.environ):
        if name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def mainspring(console, monkeypatch, empty_database_url):
    """The same with a new database."""
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    return console


def test_migrations_go_up_and_down_and_say_where_they_stand(mainspring):
    behind, table, _ = mainspring("migrate", "status")
    up, ran, _ = mainspring("migrate", "up")
    current, _, _ = mainspring("migrate", "status")
    again = mainspring("migrate", "up")
    down, undone, _ = mainspring("migrate", "down", "auth")

    assert (behind, up, current, down) == (1, 0, 0, 0)
    assert "catalog" in table
    assert "catalog 001" in ran.splitlines()
    assert again == (0, "", "")
    assert undone.startswith("auth ")


def test_tables_that_others_refer_to_stay(mainspring):
    mainspring("migrate", "up")

    code, _, error = mainspring("migrate", "down", "users", "--steps", "9")

    assert code == 1
    assert error.strip() == "Tables of access refer to those of users. Undo access first."


def test_a_module_that_is_not_there_is_one_sentence(console):
    assert console("migrate", "down", "nowhere") == (1, "", "There is no module nowhere.\n")


def test_seeding_twice_makes_everything_once(mainspring):
    mainspring("migrate", "up")

    first, made, _ = mainspring("seed")
    second, again, _ = mainspring("seed")

    assert (first, second) == (0, 0)
    assert {"users: 50 made", "products: 200 made"} <= set(made.splitlines())
    assert all(line.endswith(": already there") for line in again.splitlines())


def test_production_is_never_seeded(console, monkeypatch):
    for name, value in {
        "APP_ENV": "production",
        "SESSION_SECRET": "k7Pq2mZx9Lw4Tn8Vb3Rf6Hj1Sd5Gc0YaXe",
        "ENCRYPTION_KEY": "eXaY0cG5dS1jH6fR3bV8nT4wL9xZm2qP7k",
        "JWT_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----",
    }.items():
        monkeypatch.setenv(name, value)

    code, _, error = console("seed")

    assert (code, error) == (1, "Demo data does not belong into production.\n")


def test_settings_show_their_source_and_hide_secrets(console, monkeypatch, tmp_path):
    monkeypatch.setenv("SESSION_SECRET", "k7Pq2mZx9Lw4Tn8Vb3Rf6Hj1Sd5Gc0YaXe")
    (tmp_path / ".env").write_text("PORT=9000\n")

    code, said, _ = console("settings")

    lines = {line.split()[0]: line.split()[1:] for line in said.splitlines()}
    assert code == 0
    assert lines["PORT"] == ["9000", ".env"]
    assert lines["SESSION_SECRET"] == ["********", "environment"]
    assert lines["LOG_LEVEL"] == ["info", "default"]
    assert not (tmp_path / "data").exists()


def test_wrong_settings_are_told_on_standard_error(console, monkeypatch):
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("WORKERS", "0")

    assert console("settings") == (1, "", "PORT must be a whole number.\nWORKERS must be at least 1.\n")


def test_routes_show_who_may(console):
    code, said, _ = console("routes")

    assert code == 0
    rules = {tuple(line.split()[:2]): " ".join(line.split()[2:]) for line in said.splitlines()}
    assert rules["GET", "/live"] == "public"
    assert rules["GET", "/api/v1/users/me"] == "signed in, or to enrol"
    assert rules["GET", "/api/v1/users"] == "users:read"


def test_modules_show_what_they_hold(console):
    code, every, _ = console("modules")
    _, one, _ = console("modules", "catalog")
    missing, _, error = console("modules", "nowhere")

    assert (code, missing) == (0, 1)
    assert {"users", "auth", "access", "audit", "catalog"} <= {line.split()[0] for line in every.splitlines()}
    assert "table products" in one
    assert error.startswith("There is no module nowhere. Installed are: ")


def test_the_openapi_document_comes_in_both_forms(console):
    _, text, _ = console("openapi")
    _, yaml, _ = console("openapi", "--yaml")

    document = json.loads(text)
    assert "/api/v1/products" in document["paths"]
    assert document["paths"]["/api/v1/products"]["post"]["x-access"] == "products:create", "as the server answers it"
    assert yaml == to_yaml(document)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["version"], 0), (["--help"], 0), (["users", "--help"], 0), ([], 2), (["nowhere"], 2), (["serve", "--port", "x"], 2)],
)
def test_exit_codes(console, arguments, code):
    assert console(*arguments)[0] == code


def test_help_is_plain_and_names_the_commands_of_modules(console):
    _, said, _ = console("--help")

    assert "Commands of the module users." in said
    assert "\x1b" not in said
    assert "╭" not in said


def test_help_imports_no_application():
    """Help comes at once because nothing heavy is imported for it."""
    program = (
        "import sys; from mainspring.entrypoints import cli; cli.run(['--help']);"
        "print([name for name in ('fastapi', 'sqlalchemy', 'pydantic', 'rich', 'alembic') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines()[-1] == "[]"


def test_an_interrupted_pipe_is_no_error(tmp_path):
    done = subprocess.run(
        ["sh", "-c", "mainspring settings | head -1"],
        env={"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}", "DATA_DIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
