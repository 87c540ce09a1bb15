"""`mainspring doctor`: settings, files, and the machine."""

import os
import sqlite3
from contextlib import closing

import pytest

from mainspring.core.doctor import machine, rights
from mainspring.core.doctor.neighbours import addresses_of


def test_refused_settings_are_told_each(doctor):
    code, groups, _ = doctor(PORT="x", WORKERS="0")

    assert (code, groups) == (1, {"settings": ["PORT must be a whole number.", "WORKERS must be at least 1."]})


def test_what_production_would_refuse_is_advice(doctor, tmp_path):
    code, groups, _ = doctor(APP_ENV="development", SESSION_SECRET="", DEBUG="on", DATABASE_URL=f"sqlite:///{tmp_path / 'x.db'}")

    assert code == 1  # the file is not there
    assert "DEBUG must be off in production." in groups["settings"]
    assert "SESSION_SECRET is missing: production needs at least 32 random characters." in groups["settings"]
    assert not any("LOG_SQL" in sentence for sentence in groups["settings"])


@pytest.mark.parametrize(
    ("settings", "group", "sentence"),
    [
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "network", "TRUSTED_PROXIES holds 0.0.0.0/0"),
        ({"ALLOWED_HOSTS": "shop.example.com", "PUBLIC_URL": "https://example.com"}, "network", "ALLOWED_HOSTS does not let"),
        ({"JOBS__TRANSPORT": "nats", "JOBS__TRANSPORT_URL": "nats://127.0.0.1:1"}, "network", "Nobody listens at 127.0.0.1:1"),
        ({"SMTP_URL": "smtp://127.0.0.1:1"}, "network", "Nobody listens at 127.0.0.1:1, which SMTP_URL names."),
        ({"DATA_DIR": "/nowhere/at/all"}, "files", "DATA_DIR /nowhere/at/all is not there."),
    ],
)
def test_settings_that_do_not_fit_the_world_are_told(doctor, tmp_path, settings, group, sentence):
    _, groups, _ = doctor(DATABASE_URL=f"sqlite:///{tmp_path / 'x.db'}", **settings)

    assert any(one.startswith(sentence) for one in groups[group])


def test_files_with_secrets_that_others_read_are_told(doctor, tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\n")
    (tmp_path / ".env").chmod(0o644)

    _, groups, _ = doctor(DATABASE_URL=f"sqlite:///{tmp_path / 'x.db'}")

    assert groups["files"] == [f"{tmp_path / '.env'} can be read by everybody on this machine."]


def test_a_data_dir_of_another_user_is_advice(doctor, database_url, tmp_path, monkeypatch, at_work):
    monkeypatch.setattr(rights.os, "geteuid", lambda: 12345)

    code, groups, _ = doctor(DATABASE_URL=database_url)

    assert code == 0
    assert groups["files"][0].startswith(f"DATA_DIR belongs to the user {os.getuid()}, and this runs as 12345")


def test_a_file_that_is_not_in_wal_mode_is_told(doctor, database_url, dialect, tmp_path, at_work):
    if dialect == "sqlite":
        with closing(sqlite3.connect(tmp_path / "mainspring.db")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")

    _, groups, _ = doctor(DATABASE_URL=database_url)

    expected = ["The database default is in journal mode delete, not WAL."] if dialect == "sqlite" else []
    assert groups.get("database", []) == expected


def test_more_connections_than_the_server_has_are_told(doctor, database_url, dialect, at_work):

    code, groups, _ = doctor(DATABASE_URL=database_url, WORKERS="256", DB_POOL_MAX="1000")

    assert code == (1 if dialect == "postgresql" else 0)
    assert all("processes may want 257280 connections" in sentence for sentence in groups.get("database", []))


def test_a_full_disk_and_few_descriptors_are_told(doctor, database_url, monkeypatch, at_work):
    usage = machine.shutil.disk_usage("/")
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=1024))
    monkeypatch.setattr(machine.resource, "getrlimit", lambda _: (256, 256))

    code, groups, _ = doctor(DATABASE_URL=database_url)

    assert code == 1
    assert groups["machine"][0].startswith("The disk of DATA_DIR is nearly full: 0 MiB")
    assert groups["machine"][1].startswith("A process may open 256 files")


def test_the_file_system_is_that_of_the_deepest_mount(tmp_path):
    lines = [
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw",
        f"30 22 0:50 / {tmp_path} rw shared:1 - nfs4 server:/x rw",
        "31 22 0:51 / /proc rw - proc proc rw",
    ]

    assert machine.kind_of(tmp_path / "data" / "mainspring.db", lines) == "nfs4"
    assert machine.kind_of(tmp_path.parent, lines) == "ext4"


def test_addresses_of_brokers_are_read_from_urls():
    assert addresses_of("kafka://one:9093,two") == [("one", 9093), ("two", 9092)]
    assert addresses_of("amqps://user:p%40ss@host") == [("host", 5671)]
    assert addresses_of("redis://[::1]:7000/0") == [("::1", 7000)]
