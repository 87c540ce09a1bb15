"""The dashboard and the alert rules name only figures and labels that the program exports, and every alert has its runbook."""

import json
import re
from pathlib import Path

import pytest
import yaml

import mainspring.adapters.otlp
import mainspring.adapters.outgoing
import mainspring.adapters.redis.link
import mainspring.entrypoints.http  # noqa: F401  figures are declared at import
from mainspring.core.observability.metrics import collecting
from mainspring.core.observability.metrics.instruments import BOOK

ROOT = Path(__file__).parents[4]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
TESTS = ROOT / "deploy" / "prometheus" / "alerts.test.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "dashboards" / "mainspring.json"
RUNBOOK = ROOT / "docs" / "guides" / "alerts.md"
METRIC = re.compile(r"\b((?:mainspring|http|process|credits)_[a-z_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"([a-z_]+)(?:=|!=|=~|!~)\"")
BY = re.compile(r"by \(([^)]*)\)")
OF_THE_SCRAPE = {"instance", "job"}


@pytest.fixture
async def known(application):
    """The labels of every figure, by the name under which it is scraped."""
    collecting.look(application)
    found = {name: set(one.labels) | ({"process"} if one.across == "each" else set()) for name, one in BOOK.declared.items()}
    for name, one in BOOK.declared.items():
        if one.kind == "histogram":
            found |= {f"{name}_bucket": {*one.labels, "le"}, f"{name}_sum": set(one.labels), f"{name}_count": set(one.labels)}
    for reading in await collecting.ask(application):
        found[reading.name] = set(reading.labels)
    return found | QUEUES | WORKFLOWS


QUEUES = {"mainspring_jobs": {"queue", "state"}, "mainspring_jobs_oldest_ready_seconds": {"queue"}}  # of an empty table: none
WORKFLOWS = {"mainspring_workflows": {"workflow", "state"}}


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def assert_known(expression, known):
    named = METRIC.findall(expression)
    assert named, expression
    labels = set()
    for name, chosen in named:
        assert name in known, f"{expression} names {name}"
        labels |= known[name]
        assert set(LABEL.findall(chosen)) <= known[name] | OF_THE_SCRAPE, expression
    for group in BY.findall(expression):
        assert {label.strip() for label in group.split(",")} <= labels | OF_THE_SCRAPE, expression


async def test_every_rule_names_what_is_there(known):
    assert len(alerts()) >= 25
    for rule in alerts():
        assert_known(rule["expr"], known)


async def test_every_panel_names_what_is_there(known):
    assert len(panels()) >= 35
    for panel in panels():
        for target in panel["targets"]:
            assert_known(target["expr"], known)


def test_every_panel_says_what_it_shows_and_stands_in_a_row_of_its_own():
    board = json.loads(DASHBOARD.read_text())
    places = set()
    assert board["panels"][0]["type"] == "row"
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & places, panel["title"]
        assert max(x for x, _ in cells) < 24
        places |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_has_a_runbook_and_says_how_grave_it_is():
    headings = set(re.findall(r"^### (\w+)$", RUNBOOK.read_text(), re.M))
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["runbook"] == f"docs/guides/alerts.md#{rule['alert'].lower()}"
    assert headings == {rule["alert"] for rule in alerts()}


def test_the_promises_are_among_the_bounds():
    assert {0.1, 0.2, 0.5} <= set(BOOK.declared["http_request_duration_seconds"].bounds)


def test_the_rules_are_played_through():
    played = set(re.findall(r'alertname="(\w+)"', TESTS.read_text()))
    assert len(played & {rule["alert"] for rule in alerts()}) >= 20
