"""R-189: at a terminal a person reads columns, everything else gets JSON."""

import contextlib
import contextvars
import json
import os
import re

import pytest

from mainspring.core.observability import close_logs, configure_logs, get_logger
from mainspring.core.settings import load_settings

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def write() -> None:
    """An ordinary line, and one with a stack."""
    get_logger("shop.orders").info("order_placed", orderId="7", note="two words", none=None, share=0.123)
    try:
        raise ValueError("broken")
    except ValueError:
        get_logger("shop.orders").exception("order_failed")


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    """`terminal("development")` is what a person sees of the two lines, or of what another function writes."""
    monkeypatch.delenv("NO_COLOR", raising=False)

    def shown(environment: str, deed=write) -> str:
        ours, theirs = os.openpty()
        os.set_blocking(ours, False)
        configure_logs(load_settings({"APP_ENV": environment}, tmp_path, modules=[]), theirs)
        contextvars.Context().run(deed)  # outside of any request
        close_logs()
        text = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(ours, 65_536):
                text += part
        os.close(theirs)
        os.close(ours)
        return text.decode().replace("\r\n", "\n")

    yield shown
    configure_logs(load_settings({"APP_ENV": "test"}, tmp_path, modules=[]), 2)


def test_a_line_is_time_level_logger_message_and_fields(terminal):
    text = COLOUR.sub("", terminal("development"))

    first, second, *stack = text.splitlines()
    assert re.fullmatch(r'\d\d:\d\d:\d\d\.\d{3} info  shop\.orders order_placed orderId=7 note="two words" share=0\.1', first)
    assert re.fullmatch(r'\d\d:\d\d:\d\d\.\d{3} error shop\.orders order_failed error="ValueError: broken"', second)
    assert stack[0] == "Traceback (most recent call last):"
    assert "ValueError: broken" in stack


def test_levels_have_colours_and_no_color_takes_them_away(terminal, monkeypatch):
    coloured = terminal("development")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = terminal("development")

    assert "\x1b[32minfo" in coloured
    assert "\x1b[31merror" in coloured
    assert "\x1b" not in plain


def test_production_writes_json_at_a_terminal_too(terminal):
    lines = [json.loads(line) for line in terminal("test").splitlines()]

    assert [line["message"] for line in lines] == ["order_placed", "order_failed"]


def test_a_message_cannot_end_its_line(terminal):
    text = terminal("development", lambda: get_logger("shop").info("said", text="one\ntwo \x1b[31mred"))

    assert len(text.splitlines()) == 1
    assert "\x1b[31mred" not in text
