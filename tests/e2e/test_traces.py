"""Traces of real processes, received by a real collector (R-196)."""

import subprocess
import sys
import time
from pathlib import Path

import httpx2
import psutil
import pytest

from mainspring.testing.databases import environment_of_tests
from tests.integration.adapters.collector import collecting

PROGRAM = Path(sys.executable).with_name("mainspring")
PERSON = {"email": "ada@example.com", "password": "canary battery 9482 horse", "name": "Ada Canary"}
UPSTREAM = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


@pytest.fixture
def collector():
    with collecting() as one:
        yield one


@pytest.fixture
def worker(database_url, tmp_path):
    """Starts `mainspring worker` beside a server; it ends with the test."""
    running = []

    def start(environment):
        env = environment_of_tests() | {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")} | environment
        with (tmp_path / "worker.log").open("ab") as log:
            running.append(subprocess.Popen([PROGRAM, "worker"], env=env, cwd=tmp_path, stdout=log, stderr=log))

    yield start
    for one in running:
        for process in [*psutil.Process(one.pid).children(recursive=True), psutil.Process(one.pid)]:
            process.kill()
        one.wait()


def told_to(collector):
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100", "DRAIN_TIMEOUT": "20s"}


def is_whole(spans):
    """The spans of the upstream's trace, once the job that it led to has ended."""
    mine = [span for span in spans if span.trace == UPSTREAM[3:35]]
    has_all = {span.parent for span in mine} - {span.id for span in mine} == {UPSTREAM[36:52]}
    return mine if has_all and any(span.name == "mail.send" for span in mine) else None


def test_a_request_and_its_job_are_one_trace_over_two_processes(server, worker, collector):
    environment = told_to(collector)
    running = server(workers=2, env=environment | {"JOBS__CONCURRENCY": "0"})
    worker(environment)

    asked = {"traceparent": UPSTREAM, "X-Request-ID": "r-1"}
    answer = httpx2.post(f"{running.url}/api/v1/auth/register?canary=query-7731", json=PERSON, headers=asked)
    assert answer.status_code == 201
    spans = collector.until(is_whole)

    (request,) = [span for span in spans if span.kind == SERVER]
    assert (request.name, request.parent) == ("POST /api/v1/auth/register", UPSTREAM[36:52])
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["mainspring.request_id"] == "r-1"
    by_id = {span.id: span for span in spans}
    runs = [span for span in spans if span.kind == CONSUMER]
    assert runs
    for run in runs:
        assert by_id[run.parent].kind == PRODUCER
        assert by_id[run.parent].attributes["messaging.message.id"] == run.attributes["messaging.message.id"]
    assert {run.resource["process.pid"] for run in runs}.isdisjoint({request.resource["process.pid"]})
    statements = [span for span in spans if "db.system.name" in span.attributes]
    assert {span.name for span in statements} >= {"COMMIT"}
    assert all(span.kind == CLIENT and span.attributes["db.query.summary"] == span.name for span in statements)
    told = b"".join(collector.bodies)
    for secret in ("canary", "ada@example.com", answer.json()["id"], "battery"):
        assert secret.encode() not in told


def test_the_last_spans_are_sent_before_the_end_and_probes_leave_none(server, collector):
    running = server(env=told_to(collector) | {"OTEL_BSP_SCHEDULE_DELAY": "60000", "JOBS__CONCURRENCY": "0"})
    for path in ("/live", "/ready", "/health", "/metrics", "/.well-known/jwks.json"):
        httpx2.get(running.url + path).raise_for_status()

    assert running.stop() == 0

    assert {span.name for span in collector.spans if span.kind == SERVER} == {"GET /.well-known/jwks.json"}
    assert {span.name for span in collector.spans if not span.parent} == {"GET /.well-known/jwks.json"}


def test_a_collector_that_hangs_stops_nobody(server, collector):
    collector.is_hanging.set()
    running = server(env=told_to(collector) | {"OTEL_BSP_MAX_QUEUE_SIZE": "512"})
    for _ in range(200):  # more spans than the queue takes
        assert httpx2.get(f"{running.url}/.well-known/jwks.json").status_code == 200

    began = time.monotonic()
    assert running.stop() == 0

    assert time.monotonic() - began < 15  # of the 20 s that it has, and 30 s that the SDK would take
    assert running.log.count("traces_are_not_taken") <= 1
    assert "opentelemetry" not in running.log
