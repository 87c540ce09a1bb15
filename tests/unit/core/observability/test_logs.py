"""R-187 to R-193, R-337, R-341, D-50: what a log line holds and what it never holds."""

import asyncio
import json
import logging
import os
from uuid import uuid4

import pytest

from mainspring.core.context import CURRENT, Context
from mainspring.core.observability import close_logs, configure_logs, get_logger, log_request, security_events
from mainspring.core.settings import load_settings


@pytest.fixture
def lines(tmp_path):
    """The lines written so far, read back as JSON."""
    path = tmp_path / "output"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    settings = load_settings(
        {"APP_ENV": "test", "LOG_LEVEL": "debug", "SERVICE_NAME": "shop", "LOG_DIR": str(tmp_path / "logs")}, tmp_path, modules=[]
    )
    configure_logs(settings, descriptor)

    def read() -> list[dict]:
        close_logs()
        return [json.loads(line) for line in path.read_text().splitlines()]

    yield read
    close_logs()
    configure_logs(settings, 2)
    os.close(descriptor)


def test_a_line_says_when_how_grave_and_from_where(lines):
    get_logger("mainspring.modules.orders.service").info("order_placed", orderId="7")

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "service": "shop",
        "environment": "test",
        "logger": "orders.service",
        "message": "order_placed",
        "orderId": "7",
    }


def test_a_line_carries_the_request_it_belongs_to(lines):
    async def work(number: int) -> None:
        CURRENT.set(Context(f"r-{number}", "GET", f"/{number}"))
        await asyncio.sleep(0)
        get_logger("shop").bind(step=1).info("worked")

    async def both() -> None:
        await asyncio.gather(work(1), work(2))

    asyncio.run(both())

    assert {(line["requestId"], line["path"], line["step"]) for line in lines()} == {("r-1", "/1", 1), ("r-2", "/2", 1)}


def test_the_level_of_the_settings_holds(tmp_path, lines):
    configure_logs(
        load_settings({"LOG_LEVEL": "warn", "APP_ENV": "test"}, tmp_path, modules=[]),
        os.open(tmp_path / "w", os.O_RDWR | os.O_CREAT),
    )

    for level in ("debug", "info", "warn", "error"):
        getattr(get_logger("x"), level)(level)

    assert [json.loads(line)["level"] for line in (tmp_path / "w").read_text().splitlines()] == ["warn", "error"]


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hid"},
        {"newPassword": "hid"},
        {"accessToken": "hid"},
        {"refresh_token": "hid"},
        {"headers": {"Authorization": "hid", "set-cookie": "hid", "X-API-Key": "hid"}},
        {"items": [{"secret": "hid"}]},
        {"text": "Bearer hid.hid.hid-and-so-on"},
        {"text": "postgresql://ann:hid@host/db"},
        {"text": "token eyJhid123.eyJhid.hid"},
        {"body": b"hid"},
        {"email": "hid@example.com"},
    ],
)
def test_secrets_and_addresses_never_reach_a_line(lines, fields):  # D-50
    get_logger("x").info("said", **fields)

    assert "hid" not in json.dumps(lines()).replace("[hidden]", "")


def test_fields_that_only_sound_secret_stay(lines):
    get_logger("x").info("said", tokens=3, author="ada", requires_password=True)

    assert lines()[0]["author"] == "ada"
    assert lines()[0]["requires_password"] is True


def test_ordinary_lines_mask_people_and_security_events_do_not(lines):  # D-50, R-187
    get_logger("x").info("mailed", to="ada@example.com", ip="8.8.4.4")
    security_events.failed_login("ada@example.com", "8.8.4.4")
    security_events.suspicious_activity(None, "refresh_reused", token="hid", family="f")

    ordinary, security, suspicious = lines()
    assert (ordinary["to"], ordinary["ip"]) == ("a***@example.com", "8.8.4.0")
    assert (security["message"], security["level"], security["email"], security["ip"]) == (
        "FAILED_LOGIN",
        "warn",
        "ada@example.com",
        "8.8.4.4",
    )
    assert suspicious["userId"] is None
    assert suspicious["details"] == {"token": "[hidden]", "family": "f"}


def test_an_error_brings_its_stack(lines):
    try:
        raise ValueError("no such thing for ada@example.com")
    except ValueError:
        get_logger("x").exception("unexpected_error")

    (line,) = lines()
    assert line["error"] == "ValueError: no such thing for a***@example.com"
    assert "test_logs.py" in line["stack"]


def test_log_files_hold_everything_and_the_errors(tmp_path, lines):
    get_logger("x").info("fine")
    get_logger("x").error("broken")
    (tmp_path / "logs" / "combined.log").rename(tmp_path / "logs" / "combined.log.1")
    get_logger("x").info("after rotation")

    lines()
    said = {
        name: [json.loads(line)["message"] for line in (tmp_path / "logs" / name).read_text().splitlines()]
        for name in ("combined.log.1", "combined.log", "error.log")
    }
    assert said == {"combined.log.1": ["fine", "broken"], "combined.log": ["after rotation"], "error.log": ["broken"]}


def test_libraries_write_the_same_lines(lines):
    logging.getLogger("asyncio").error("Task exception was never retrieved")

    assert lines()[0]["logger"] == "asyncio"


def test_what_cannot_be_json_is_written_anyway(lines):
    get_logger("x").info("odd", text="\ud800", number=2**70, thing=object(), id=uuid4())

    assert lines()[0]["message"] == "'odd'"


def test_the_access_line_names_the_request(lines):
    CURRENT.set(Context("r-1", "GET", "/api/v1/products", "127.0.0.1"))

    log_request(200, 1.2345, 512)

    (line,) = lines()
    assert (line["logger"], line["method"], line["path"], line["status"], line["ms"], line["bytes"], line["ip"]) == (
        "access",
        "GET",
        "/api/v1/products",
        200,
        1.23,
        512,
        "127.0.0.1",
    )
