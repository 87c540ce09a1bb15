"""The alert rules about jobs name only states and outcomes that exist, and the queues are in the figures (R-268)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mainspring.core.observability.metrics import collecting

pytestmark = pytest.mark.anyio
RULES = Path(__file__).parents[4] / "deploy" / "prometheus" / "alerts.yml"
EXPRESSION = re.compile(r"^ +expr: (?:>\n((?: {10}.+\n)+)|(.+)\n)", re.M)
LABEL = re.compile(r"([a-z_]+)=~?\"([^\"]+)\"")
OUTCOMES = {"done", "failed", "dead", "cancelled", "snoozed", "crashed"}


def expressions() -> list[str]:
    found = [one or folded for folded, one in EXPRESSION.findall(RULES.read_text())]
    return [expression for expression in found if "mainspring_job" in expression]


async def test_the_states_and_outcomes_of_rules_exist(application, add_job):
    await add_job()
    states = {reading.labels["state"] for reading in await collecting.ask(application) if reading.name == "mainspring_jobs"}

    assert len(expressions()) == 8
    for expression in expressions():
        for label, value in LABEL.findall(expression):
            assert set(value.split("|")) <= {"state": states, "outcome": OUTCOMES}[label], expression


async def test_the_queues_are_in_the_figures(app, add_job):
    for _ in range(2):
        await add_job(queue="mail", due=timedelta(minutes=10))
    await add_job("dead", queue="mail")

    text = (await app.get("/metrics")).text

    assert 'mainspring_jobs{queue="mail",state="ready"} 2.0' in text
    assert 'mainspring_jobs{queue="mail",state="dead"} 1.0' in text
    assert 'mainspring_jobs{queue="mail",state="running"} 0.0' in text
    assert 600 <= float(re.findall(r'mainspring_jobs_oldest_ready_seconds\{queue="mail"\} (\S+)', text)[0]) < 700
    assert "mainspring_job_workers 0.0" in text
