"""Settings of traces and of reports of errors: what is read, and what cannot be meant."""

import pytest

from mainspring.core.settings import SettingsRefused, load_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:port"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://localhost:4317"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("SENTRY_DSN", "https://sentry.example.com/1"),
        ("SENTRY_DSN", "https://key@sentry.example.com"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_name(tmp_path, name, value):
    with pytest.raises(SettingsRefused, match=name):
        load_settings({name: value}, tmp_path, modules=[])


def test_the_sdk_may_read_names_of_its_own_from_the_environment(tmp_path):
    given = {"OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=b", "OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_SDK_DISABLED": "true"}

    assert load_settings(given, tmp_path, modules=[]).otel_sdk_disabled


def test_in_a_file_of_ours_such_a_name_is_refused(tmp_path):
    (tmp_path / ".env").write_text("OTEL_BSP_SCHEDULE_DELAY=100\n")

    with pytest.raises(SettingsRefused, match="OTEL_BSP_SCHEDULE_DELAY"):
        load_settings({}, tmp_path, modules=[])


def test_durations_may_be_parts_of_a_second(tmp_path):
    assert load_settings({"DB_SLOW_QUERY": "50ms"}, tmp_path, modules=[]).db_slow_query.total_seconds() == 0.05


def test_keys_of_the_collector_and_of_sentry_are_not_shown(tmp_path):
    given = {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary-7731", "SENTRY_DSN": "https://canary@sentry.example.com/1"}

    assert "canary" not in repr([line.value for line in load_settings(given, tmp_path, modules=[]).sources()])
