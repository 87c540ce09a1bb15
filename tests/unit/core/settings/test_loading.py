"""R-202 to R-207, R-325, R-326: what the configuration is made of, and what it refuses."""

import os
import stat
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import Field

from mainspring.core.module import Module
from mainspring.core.settings import Section, Settings, SettingsRefused, load_settings

GOOD_SECRET = "k7Pq2mZx9Lw4Tn8Vb3Rf6Hj1Sd5Gc0YaXe"
PEM = "-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----"
PRODUCTION = {"APP_ENV": "production", "SESSION_SECRET": GOOD_SECRET, "ENCRYPTION_KEY": GOOD_SECRET[::-1], "JWT_PRIVATE_KEY": PEM}


class Shelf(Section):
    """A module's section, as its settings.py would hold it."""

    reservation_ttl: timedelta = timedelta(minutes=10)
    labels: tuple[str, ...] = ()
    depth: int = Field(default=3, ge=1)


class ShelfModule(Module):
    def file(self, name: str):
        return SimpleNamespace(Settings=Shelf) if name == "settings" else None


def load(directory: Path, environ: dict[str, str] | None = None) -> Settings:
    return load_settings(environ or {}, directory, modules=[ShelfModule("shelf", "shelf")])


def problems(directory: Path, environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsRefused) as refused:
        load(directory, environ)
    return refused.value.problems


def test_nothing_given_makes_an_embedded_program(tmp_path):
    settings = load(tmp_path)

    assert (settings.app_env, settings.host, settings.port, settings.workers) == ("development", "127.0.0.1", 8000, 1)
    assert settings.database_url == f"sqlite:///{tmp_path}/.mainspring/mainspring.db"
    assert settings.databases == {"default": settings.database_url}
    assert settings.access_token_ttl == timedelta(minutes=15)
    assert settings.jwt_issuer == settings.public_url == "http://localhost:8000"


def test_the_environment_wins_over_the_files_and_local_over_stage_over_shared(tmp_path):
    (tmp_path / ".env").write_text("APP_ENV=test\nPORT=1\nWORKERS=2\nSERVICE_NAME=shared\nHOST=10.0.0.1\n")
    (tmp_path / ".env.test").write_text("PORT=2\nWORKERS=3\nSERVICE_NAME=stage\n")
    (tmp_path / ".env.local").write_text("PORT=3\nWORKERS=4\n")

    settings = load(tmp_path, {"PORT": "4"})

    assert (settings.port, settings.workers, settings.service_name, settings.host) == (4, 4, "stage", "10.0.0.1")
    found = {shown.name: shown.source for shown in settings.sources()}
    assert [found[name] for name in ("PORT", "WORKERS", "SERVICE_NAME", "HOST", "LOG_LEVEL")] == [
        "environment",
        ".env.local",
        ".env.test",
        ".env",
        "default",
    ]


def test_an_empty_value_hides_a_weaker_one(tmp_path):
    (tmp_path / ".env").write_text("LOG_DIR=logs\n")

    assert load(tmp_path).log_dir == tmp_path / "logs"
    assert load(tmp_path, {"LOG_DIR": ""}).log_dir is None


def test_processes_are_counted_by_cores_when_asked(tmp_path):
    assert load_settings({"WORKERS": "auto"}, tmp_path).workers == len(os.sched_getaffinity(0))
    assert load_settings({"WORKERS": "3"}, tmp_path).workers == 3
    with pytest.raises(SettingsRefused, match="WORKERS must be"):
        load_settings({"WORKERS": "many"}, tmp_path)


def test_every_problem_is_told_at_once(tmp_path):
    told = problems(
        tmp_path,
        {
            "APP_ENV": "production",
            "PORT": "99999",
            "WORKERS": "many",
            "ACCESS_TOKEN_TTL": "2h",
            "LOG_LEVEL": "loud",
            "SHELF__DEPTH": "0",
            "SHELF__DEEP": "1",
            "DEBUG": "on",
        },
    )

    assert sorted(told) == [
        "ACCESS_TOKEN_TTL must be at most 1 hour.",
        "DEBUG must be off in production.",
        "ENCRYPTION_KEY is missing: production needs at least 32 random characters.",
        "JWT_PRIVATE_KEY is missing: production needs the PEM of an RSA key (openssl genrsa 3072), or JWT_KEY_LIFETIME=90d, "
        "which keeps keys in the database and changes them.",
        "LOG_LEVEL must be one of error, warn, info, debug.",
        "PORT must be at most 65535.",
        "SESSION_SECRET is missing: production needs at least 32 random characters.",
        "SHELF__DEEP is not a setting.",
        "SHELF__DEPTH must be at least 1.",
        "WORKERS must be a whole number.",
    ]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"DB_LOCK_TIMEOUT": "5s"},
            "DB_LOCK_TIMEOUT must be less than DB_STATEMENT_TIMEOUT, which counts the wait for locks too.",
        ),
        ({"SESSION_SECRET": "short"}, "SESSION_SECRET must have at least 32 characters."),
        ({"SESSION_SECRET": "x" * 32}, "SESSION_SECRET is a development value: production needs random characters."),
        ({"ENCRYPTION_KEY": "changeme" * 5}, "ENCRYPTION_KEY is a development value: production needs random characters."),
        ({"SESSION_SECRET": f"{GOOD_SECRET},old"}, "SESSION_SECRET must have at least 32 characters."),
        (
            {"ALLOWED_ORIGINS": "*"},
            "ALLOWED_ORIGINS must name each origin: * together with credentials would let every site act for its visitors.",
        ),
        (
            {"ALLOWED_ORIGINS": "example.com"},
            "ALLOWED_ORIGINS holds 'example.com'; an origin looks like https://www.example.com.",
        ),
        (
            {"TRUSTED_PROXIES": "10.0.0.0/8,proxy.example.com"},
            "TRUSTED_PROXIES holds 'proxy.example.com'; an entry looks like 10.0.0.7 or 10.0.0.0/8.",
        ),
        ({"PUBLIC_URL": "http://example.com"}, "PUBLIC_URL must start with https:// in production."),
        ({"DATABASE_URL": "mysql://host/db"}, "DATABASE_URL must start with sqlite:/// or postgresql://."),
        ({"LOG_SQL": "on"}, "LOG_SQL must be off in production."),
        ({"JWT_EXPIRES_IN": "2h"}, "JWT_EXPIRES_IN must be at most 1 hour."),
        ({"ACCESS_TOKEN_TTL": "15"}, "ACCESS_TOKEN_TTL must be a duration such as 10s, 15m, 12h or 7d."),
        ({"DATABASE_URI": "sqlite:///x"}, "DATABASE_URI is not a setting. Did you mean DATABASE_URL?"),
    ],
)
def test_production_refuses(tmp_path, environ, told):  # D-01, D-32
    assert problems(tmp_path, PRODUCTION | environ) == [told]


def test_production_starts_with_what_it_needs(tmp_path):
    settings = load(tmp_path, PRODUCTION)

    assert settings.is_production
    assert not settings.docs_enabled
    assert not settings.log_sql
    assert settings.jwt_private_key.get_secret_value().count("\n") == 2
    assert not (tmp_path / ".mainspring").exists()


def test_the_names_of_other_guides_work(tmp_path):
    settings = load(
        tmp_path,
        {"NODE_ENV": "test", "CORS_ORIGIN": "https://a.example,https://b.example", "JWT_EXPIRES_IN": "30m", "JWT_SECRET": "x"},
    )

    assert settings.app_env == "test"
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.access_token_ttl == timedelta(minutes=30)
    assert settings.warnings == ("JWT_SECRET has no effect: access tokens are signed with RS256 keys.",)


def test_an_alias_that_contradicts_its_name_is_refused(tmp_path):
    assert problems(tmp_path, {"APP_ENV": "test", "NODE_ENV": "development"}) == [
        "APP_ENV and NODE_ENV are both set and differ. Keep APP_ENV."
    ]


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"DB_HOST": "db", "DB_NAME": "shop"}, "postgresql://db:5432/shop"),
        (
            {"DB_HOST": "db", "DB_PORT": "6000", "DB_NAME": "shop", "DB_USERNAME": "ann", "DB_PASSWORD": "p@ss/word"},
            "postgresql://ann:p%40ss%2Fword@db:6000/shop",
        ),
        ({"DB_HOST": "db", "DB_NAME": "shop", "DATABASE_URL": "postgres://ann:x@db/shop"}, "postgresql://ann:x@db/shop"),
        ({"DB_HOST": "::1", "DB_NAME": "shop", "DB_PORT": "tcp://10.0.0.1:5432"}, "postgresql://[::1]:5432/shop"),
    ],
)
def test_a_connection_in_parts(tmp_path, environ, url):
    assert load(tmp_path, environ).database_url == url


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"DB_HOST": "db", "DB_NAME": "shop", "DATABASE_URL": "postgresql://other/shop"},
            "DATABASE_URL and DB_HOST, DB_NAME are both set and differ. Keep one form.",
        ),
        ({"DB_HOST": "db"}, "DB_NAME is missing beside DB_HOST."),
        ({"DB_PASSWORD": "x"}, "DB_HOST and DB_NAME are missing beside DB_PASSWORD."),
        ({"DB_HOST": "db", "DB_NAME": "a", "DB_PORT": "x"}, "DB_PORT must be a port number."),
        (
            {"REDIS_HOST": "a", "REDIS_URL": "redis://b"},
            "REDIS_URL and REDIS_HOST are both set and differ. Keep one form.",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, environ, told):
    assert problems(tmp_path, environ) == [told]


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"DATABASE_URL": "postgresql://db/shop"}, ["SESSION_STORE is redis and REDIS_URL is missing."]),
        (
            {"REDIS_URL": "redis://b"},
            ["SESSION_STORE=redis needs PostgreSQL in DATABASE_URL: SQLite means one machine, without a use for it."],
        ),
    ],
)
def test_sessions_in_redis_need_redis_and_postgresql(tmp_path, environ, told):
    assert problems(tmp_path, {"SESSION_STORE": "redis"} | environ) == told
    assert load(tmp_path, {"SESSION_STORE": "redis", "REDIS_URL": "redis://b", "DATABASE_URL": "postgresql://db/shop"})


def test_a_module_has_its_own_section(tmp_path):
    settings = load(tmp_path, {"SHELF__RESERVATION_TTL": "15m", "SHELF__LABELS": "red, blue"})

    assert settings.section(Shelf) == Shelf(reservation_ttl=timedelta(minutes=15), labels=("red", "blue"))
    assert ("SHELF__RESERVATION_TTL", "15m") in {(shown.name, shown.value) for shown in settings.sources()}


def test_the_section_of_a_module_that_was_removed_never_blocks_the_boot(tmp_path):
    (tmp_path / ".env").write_text("GONE__SIZE=3\n")

    assert load(tmp_path).warnings == ("GONE__SIZE has no effect: there is no module gone.",)


def test_an_unknown_name_in_our_own_file_is_refused(tmp_path):
    (tmp_path / ".env").write_text("SESION_SECRET=abc\n")

    assert problems(tmp_path, {}) == ["SESION_SECRET in .env is not a setting. Did you mean SESSION_SECRET?"]


def test_further_databases_have_names(tmp_path):
    settings = load(tmp_path, {"DATABASES__ARCHIVE__URL": "postgresql://bob:hidden@host/archive"})

    assert settings.databases["archive"] == "postgresql://bob:hidden@host/archive"
    assert "DATABASES__ARCHIVE__URL" in {shown.name for shown in settings.sources()}


def test_a_first_start_makes_secrets_that_stay(tmp_path):
    first, second = load(tmp_path), load(tmp_path)

    assert first.session_secret == second.session_secret
    assert first.session_secret != first.encryption_key
    kept = tmp_path / ".mainspring" / "keys" / "session_secret"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(kept.parent)) == ["encryption_key", "session_secret"]


def test_looking_at_the_settings_writes_nothing(tmp_path):
    load_settings({}, tmp_path, modules=[], make_secrets=False)

    assert list(tmp_path.iterdir()) == []


def test_no_secret_is_ever_shown(tmp_path):
    hidden = {
        "DATABASE_URL": "postgresql://ann:hid-1@host/db",
        "REDIS_URL": "redis://:hid-2@host/0",
        "SESSION_SECRET": f"hid-3{GOOD_SECRET}",
        "SMTP_URL": "smtp://ann:hid-4@mail:587",
        "STRIPE_API_KEY": "hid-5",
        "DATABASES__ARCHIVE__URL": "postgresql://bob:hid-6@host/archive",
    }

    settings = load(tmp_path, hidden)

    assert "hid-" not in repr(settings) + "".join(f"{shown}" for shown in settings.sources())


def test_the_configuration_cannot_be_changed(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path).port = 1
