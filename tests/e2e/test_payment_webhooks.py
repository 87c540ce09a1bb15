"""Payments through real processes: late cards over HTTP, a storm of webhooks, and what production refuses (R-284)."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from mainspring.adapters.local_bank import LocalGateway
from mainspring.core import ids
from mainspring.core.application import create_application
from mainspring.core.money import Money
from mainspring.core.settings import load_settings
from mainspring.modules.payments.rows import PaymentState
from mainspring.modules.payments.service import Charging, PaymentService
from mainspring.testing.databases import environment_of_tests
from tests.integration.modules.payments.storm import EVENTS_OF_ALL_STORIES, weather_the_storm

pytestmark = pytest.mark.anyio


@pytest.fixture
async def beside(settings, server):
    """A running server, and an application on the same database that posts to it."""
    running = server(workers=2)
    application = create_application(settings.model_copy(update={"public_url": running.url}))
    await application.start()
    async with running.client() as http:
        yield running, application, http
    await application.stop()


async def test_a_late_card_is_told_over_http(beside):
    _, application, _ = beside
    payment = await Charging(application).charge(ids.new(), "k", Money(1999, "EUR"), "card_late")
    assert payment.state is PaymentState.PENDING

    async with asyncio.timeout(30):
        while payment.state is PaymentState.PENDING:
            await asyncio.sleep(0.1)
            async with application.reading() as uow:
                payment = await PaymentService(uow).of_key("k")

    assert payment.state is PaymentState.SUCCEEDED


@pytest.mark.slow
async def test_a_thousand_events_three_times_each_eight_at_a_time_against_two_processes(beside):
    _, application, http = beside

    async def post(headers: "dict[str, str]", body: bytes) -> tuple[int, str]:
        answer = await http.post("/api/v1/payments/webhooks/local", headers=dict(headers), content=body)
        return answer.status_code, answer.json().get("effect")

    rounds = -(-1000 // EVENTS_OF_ALL_STORIES)
    await weather_the_storm(application, application.resolve(LocalGateway), rounds, post)


PRODUCTION = {
    "APP_ENV": "production",
    "PUBLIC_URL": "https://shop.test",
    "SESSION_SECRET": "q8Zr2xVn5KpLw7TbYd3HsJf6MgCa9RuE",
    "ENCRYPTION_KEY": "t4Wy7BnM2kQzXc8VjLp5RfHs9DgTa3Ue",
    "DB_SYNCHRONOUS": "full",
    "PORT": "0",
}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "PAYMENTS__GATEWAY is local, which moves no money: production needs a real gateway such as stripe"),
        ({"PAYMENTS__GATEWAY": "stripe"}, "STRIPE_API_KEY is missing"),
        ({"PAYMENTS__GATEWAY": "stripe", "STRIPE_API_KEY": "sk_live_1"}, "STRIPE_WEBHOOK_SECRET is missing"),
        (
            {
                "PAYMENTS__GATEWAY": "stripe",
                "STRIPE_API_KEY": "sk_live_1",
                "STRIPE_WEBHOOK_SECRET": "whsec_1",
                "PAYMENTS__STRIPE_URL": "http://stripe.test",
            },
            "PAYMENTS__STRIPE_URL must start with https:// in production",
        ),
    ],
)
def test_production_refuses_a_gateway_that_moves_no_money_or_is_half_set_up(tmp_path, given, sentence):
    environment = {
        **environment_of_tests(),
        **PRODUCTION,
        "DATA_DIR": str(tmp_path / "data"),
        **given,
    }
    program = Path(sys.executable).with_name("mainspring")

    ended = subprocess.run([str(program), "serve"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 1
    assert sentence in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_nothing_of_the_key_is_told(tmp_path):
    given = {"DATA_DIR": str(tmp_path), "STRIPE_API_KEY": "sk_live_very_secret", "STRIPE_WEBHOOK_SECRET": "whsec_very_secret"}

    shown = {line.name: line.value for line in load_settings(given, tmp_path).sources()}

    assert "secret" not in shown["STRIPE_API_KEY"] + shown["STRIPE_WEBHOOK_SECRET"]


def test_without_its_library_the_adapter_says_what_to_install(tmp_path):
    code = (
        "import sys; sys.modules['stripe'] = None\n"
        "from mainspring.core.adapters import adapter\n"
        "from mainspring.core.module import BootRefused\n"
        "try:\n    adapter('stripe:stripe_gateway', extra='stripe')\nexcept BootRefused as refused:\n    print(refused)"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert "pip install 'mainspring[stripe]'" in ended.stdout, ended.stderr
