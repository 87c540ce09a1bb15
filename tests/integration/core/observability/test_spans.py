"""What is a span and what it tells (R-196): statements, requests to others, Redis, steps of workflows; sampling, log lines."""

import sys

import pytest

from mainspring.adapters.otlp import SPANS, OtlpTracer
from mainspring.adapters.redis.link import RedisLink
from mainspring.core.module import BootRefused
from mainspring.core.observability import captured_logs
from mainspring.core.observability.telemetry import load_telemetry
from mainspring.core.observability.tracing import NOTHING, TRACING
from mainspring.core.outgoing import outgoing
from mainspring.core.settings import load_settings
from mainspring.core.workflows import Workflows
from tests.integration.adapters.outgoing_servers import answered, serving
from tests.integration.core.workflows.sagas import trip

INTERNAL, SERVER, CLIENT = 1, 2, 3
UPSTREAM = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{}"


@pytest.fixture
def environment(collector):
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_TRACES_SAMPLER_ARG": "1.0", "LOG_SQL": "off"}


def told(collector):
    """The spans so far; there are none afterwards."""
    TRACING.tracer.close(10)
    return collector.spans


async def test_statements_are_named_and_log_lines_name_the_trace(app, collector):
    ada = await app.sign_up()
    with captured_logs() as lines:
        answer = await app.as_(ada).get("/api/v1/users/me?canary=7731", headers={"traceparent": UPSTREAM.format("01")})
    assert answer.status_code == 200

    mine = [span for span in told(collector) if span.trace == UPSTREAM[3:35]]

    (request,) = [span for span in mine if span.kind == SERVER]
    assert (request.name, request.attributes["http.route"]) == ("GET /api/v1/users/me", "/api/v1/users/me")
    names = {span.name for span in mine if span.kind == CLIENT}
    assert any(name.startswith("users.repository.") and name.rpartition(".")[2].isupper() for name in names)
    assert {span.attributes["db.operation.name"] for span in mine if span.kind == CLIENT} == {"SELECT"}
    (line,) = [line for line in lines if line["logger"] == "access"]
    assert (line["traceId"], line["spanId"]) == (request.trace, request.id)


@pytest.mark.parametrize(
    ("sampler", "share", "sent", "is_recorded"),
    [
        ("parentbased_traceidratio", "0", "01", True),
        ("parentbased_traceidratio", "0", None, False),
        ("parentbased_traceidratio", "1", "00", False),
        ("parentbased_traceidratio", "1", None, True),
        ("always_off", "1", "01", False),
        ("always_on", "0", "00", True),
    ],
)
async def test_the_setting_and_the_parent_decide_what_is_recorded(collector, tmp_path, sampler, share, sent, is_recorded):
    given = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": share}
    settings = load_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, **given}, tmp_path, modules=[])
    tracer = OtlpTracer(settings)

    with tracer.begin("work", "server", {}, UPSTREAM.format(sent) if sent else None):
        carried = tracer.traceparent()
        with tracer.child("part", "internal", {}):
            pass
    tracer.close(10)

    assert {span.name for span in collector.spans} == ({"work", "part"} if is_recorded else set())
    assert carried.endswith("-01" if is_recorded else "-00")


async def test_headers_and_what_every_span_says_come_from_the_settings(collector, tmp_path):
    given = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=k1,tenant=t1", "OTEL_RESOURCE_ATTRIBUTES": "team=shop"}
    whole = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.endpoint}/v1/traces", "SERVICE_NAME": "till"}
    tracer = OtlpTracer(load_settings({**whole, **given}, tmp_path, modules=[]))

    with tracer.begin("work", "internal", {}):
        pass
    tracer.close(10)

    (span,) = collector.spans
    assert {"service.name": "till", "team": "shop", "deployment.environment.name": "development"}.items() <= span.resource.items()
    assert (collector.headers[0]["api-key"], collector.headers[0]["tenant"]) == ("k1", "t1")


async def test_another_server_can_continue_the_trace_and_its_path_is_not_told(application, collector):
    async with serving(answered(), answered()) as server:
        client = outgoing(application, named=[f"http://127.0.0.1:{server.port}"])
        with TRACING.begin("work", "internal", {}):
            await client.send("GET", f"http://127.0.0.1:{server.port}/canary-path?token=canary-token")
        await client.send("GET", f"http://127.0.0.1:{server.port}/")
        spans = {span.name: span for span in told(collector)}

    assert f"traceparent: 00-{spans['GET'].trace}-{spans['GET'].id}-01" in server.asked[0]
    assert "traceparent" not in server.asked[1]  # outside of any trace
    assert spans["GET"].parent == spans["work"].id
    assert spans["GET"].attributes["http.response.status_code"] == 200
    assert b"canary" not in b"".join(collector.bodies)


async def test_redis_is_a_span_without_its_keys(application, collector, redis_url):
    link = RedisLink(redis_url, machine="one", deadline=5.0)
    with TRACING.begin("work", "internal", {}):
        await link.call(lambda redis: redis.get("canary-key"))
    await link.close()

    redis = [span for span in told(collector) if span.attributes.get("db.system.name") == "redis"]
    assert [span.name for span in redis] == ["redis"]
    assert b"canary" not in b"".join(collector.bodies)


async def test_the_steps_of_a_workflow_are_spans(application, collector, tmp_path):
    with TRACING.begin("work", "internal", {}) as work:
        await application.resolve(Workflows).run(trip(tmp_path))
        trace = work.traceparent[3:35]

    mine = [span for span in told(collector) if span.trace == trace]
    steps = [span for span in mine if "mainspring.workflow.name" in span.attributes]
    assert {" ".join(span.name.split()[::2]) for span in steps} >= {"step reserve", "call charge", "step confirm"}
    inside = {span.parent for span in mine if "db.system.name" in span.attributes}
    assert {span.id for span in steps if span.name.startswith("step")} <= inside


async def test_an_error_names_its_class_and_not_its_text(application, collector):
    with pytest.raises(ValueError, match="canary"), TRACING.begin("work", "internal", {}):
        raise ValueError("canary-text")

    (span,) = [span for span in told(collector) if span.name == "work"]
    assert span.is_error
    assert span.attributes["error.type"] == "ValueError"
    assert b"canary" not in b"".join(collector.bodies)


async def test_a_collector_that_is_away_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")
    tracer = OtlpTracer(load_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, tmp_path, modules=[]))
    lost = SPANS.of("lost").value

    with captured_logs() as lines:
        for _ in range(3):
            with tracer.begin("work", "internal", {}):
                pass
        tracer.close(20)

    assert SPANS.of("lost").value - lost >= 2
    assert [line["message"] for line in lines] == ["traces_are_not_taken"]


async def test_without_a_collector_there_is_nothing(tmp_path):
    load_telemetry(load_settings({}, tmp_path, modules=[]))

    assert TRACING.tracer is None
    assert TRACING.child("x") is NOTHING
    assert TRACING.here() is None


@pytest.mark.parametrize(
    ("variable", "value", "library", "file", "extra"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318", "opentelemetry", "otlp", "otel"),
        ("SENTRY_DSN", "https://key@sentry.example.com/1", "sentry_sdk", "sentry", "sentry"),
    ],
)
def test_a_missing_library_is_one_sentence_at_the_boot(tmp_path, monkeypatch, variable, value, library, file, extra):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"mainspring.adapters.{file}", raising=False)

    with pytest.raises(BootRefused, match=rf"{library} is not installed: pip install 'mainspring\[{extra}\]'"):
        load_telemetry(load_settings({variable: value}, tmp_path, modules=[]))
