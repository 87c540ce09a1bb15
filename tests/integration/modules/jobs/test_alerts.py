"""The alert rules name only figures and labels that exist (R-268)."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from mainspring.core.observability.metrics import collecting
from mainspring.core.observability.metrics.instruments import BOOK

pytestmark = pytest.mark.anyio
RULES = Path(__file__).parents[4] / "deploy" / "prometheus" / "alerts.yml"
EXPRESSION = re.compile(r"^ +expr: (?:>\n((?: {10}.+\n)+)|(.+)\n)", re.M)
METRIC = re.compile(r"\b(mainspring_[a-z_]+|http_[a-z_]+|process_[a-z_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"([a-z_]+)=~?\"([^\"]+)\"")
BY = re.compile(r"by \(([^)]*)\)")
OUTCOMES = {"done", "failed", "dead", "cancelled", "snoozed", "crashed"}


def expressions() -> list[str]:
    return [one or folded for folded, one in EXPRESSION.findall(RULES.read_text())]


async def known_labels(application) -> dict[str, set[str]]:
    """The labels of every figure, by its name."""
    found = {name: set(instrument.labels) for name, instrument in BOOK.declared.items()}
    for name, instrument in BOOK.declared.items():
        if instrument.kind == "histogram":
            found |= {f"{name}_bucket": {*instrument.labels, "le"}, f"{name}_sum": set(instrument.labels)}
    for reading in await collecting.ask(application):
        found[reading.name] = set(reading.labels)
    return found


async def test_every_rule_names_what_is_there(application, add_job):
    await add_job()
    known = await known_labels(application)

    assert len(expressions()) == RULES.read_text().count("- alert:") >= 8
    for expression in expressions():
        named = METRIC.findall(expression)
        assert named, expression
        for name, chosen in named:
            assert name in known, f"{expression} names {name}"
            assert {label for label, _ in LABEL.findall(chosen)} <= known[name], expression
            for group in BY.findall(expression):
                assert {label.strip() for label in group.split(",")} <= known[name], expression


async def test_the_states_and_outcomes_of_rules_exist(application, add_job):
    await add_job()
    states = {reading.labels["state"] for reading in await collecting.ask(application) if reading.name == "mainspring_jobs"}

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
