"""The files of deployment say what the program does (R-317 to R-325): names, ports, paths, times, and nothing secret."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.observability import health
from mainspring.core.settings import Settings, load_settings
from mainspring.core.settings.durations import parse_duration
from mainspring.entrypoints.cli import app as commands
from mainspring.entrypoints.serving.connection import IDLE_SECONDS
from mainspring.entrypoints.serving.supervisor import EXTRA
from tools.check_deployment import ROOT, UNITS, documents, yaml_files

DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = (DEPLOY / "nginx" / "mainspring.conf").read_text()
OF_PYTHON = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
OF_THE_SECRET = {"DATABASE_URL": "postgresql://app@db/app", "SMTP_URL": "smtp://mail.internal:587"}
RANDOM = "k7Pq2mZx9Lw4Tn8Vb3Rf6Hj1Sd5Gc0YaXe"
GIVEN_BY_PEOPLE = {
    "SESSION_SECRET": RANDOM,
    "ENCRYPTION_KEY": RANDOM[::-1],
    "JWT_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----",
}
POSTGRESQL_CONNECTIONS = 100  # max_connections as PostgreSQL comes
NEEDED_BY_SQLITE_TOO = {"DB_PASSWORD": RANDOM}


def manifests(kind: str) -> list[dict[str, Any]]:
    found = [document for path in yaml_files() for document in documents(path) if "kubernetes" in path.parts]
    return [document for document in found if document["kind"] == kind]


def workloads() -> list[dict[str, Any]]:
    return [*manifests("Deployment"), *manifests("Job")]


def compose(path: str) -> dict[str, Any]:
    return dict(documents(ROOT / path)[0]["services"])


def ours(services: Mapping[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if str(service["image"]).startswith(("mainspring", "${"))}


def environment_file(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def of_image() -> dict[str, str]:
    return dict(re.findall(r"([A-Z_]+)=(\S+)", DOCKERFILE.rpartition("\nENV ")[2].partition("\n\n")[0]))


def of_unit(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", path.read_text(), re.M):
        found.setdefault(name, []).append(value)
    return found


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """Every environment that a file of ours starts the program with, without what only Python reads."""
    image = of_image()
    yield "image", image
    for manifest in manifests("ConfigMap"):
        yield "kubernetes", image | manifest["data"] | OF_THE_SECRET
    for name, service in ours(compose("docker-compose.yml")).items():
        yield f"development {name}", image | service["environment"]
    example = environment_file(DEPLOY / "compose" / "production.env.example")
    for name, service in ours(compose("deploy/compose/production.yml")).items():
        yield f"production {name}", image | example | service.get("environment", {})
    example = environment_file(UNITS / "mainspring.env.example")
    for unit in UNITS.glob("*.service"):
        pairs = of_unit(unit)["Environment"][0].split()
        yield unit.name, dict(pair.split("=", 1) for pair in pairs) | example


@pytest.mark.parametrize(("name", "environment"), [pytest.param(*each, id=each[0]) for each in environments()])
def test_the_program_starts_with_what_a_file_says(name: str, environment: dict[str, str], tmp_path: Path):
    asked = {key: value for key, value in environment.items() if key not in OF_PYTHON}
    empty = {key: value for key, value in (GIVEN_BY_PEOPLE | NEEDED_BY_SQLITE_TOO).items() if not asked.get(key)}
    if "DB_HOST" not in asked:
        empty.pop("DB_PASSWORD", None)
    if name == "image":
        empty |= {"PUBLIC_URL": "https://api.example.com", "PAYMENTS__GATEWAY": "none"}

    settings = load_settings(asked | empty | {"DATA_DIR": str(tmp_path)}, tmp_path)

    in_file = [warning for warning in settings.warnings if "REDIS_URL" not in warning]
    assert in_file == []
    assert settings.is_production == ("development" not in name)


def test_every_port_and_path_is_the_one_that_is_served():
    paths = {route.path for route in health.router.routes}
    probes = [
        probe["httpGet"]
        for workload in workloads()
        for container in workload["spec"]["template"]["spec"]["containers"]
        for kind, probe in container.items()
        if kind.endswith("Probe")
    ]
    (web,) = [one for one in manifests("Deployment") if one["metadata"]["name"] == "mainspring-web"]
    port = int(of_image()["PORT"])

    assert {"/live", "/ready"} == {probe["path"] for probe in probes} <= paths
    assert {probe["port"] for probe in probes} == {"http"}
    assert web["spec"]["template"]["spec"]["containers"][0]["ports"] == [{"name": "http", "containerPort": port}]
    assert {item["data"]["PORT"] for item in manifests("ConfigMap")} == {str(port)}
    assert f"EXPOSE {port}" in DOCKERFILE
    assert "os.environ['PORT'] + '/live'" in DOCKERFILE
    for path in ("docker-compose.yml", "deploy/compose/production.yml"):
        assert compose(path)["web"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}/ready" in compose("deploy/compose/production.yml")["web"]["healthcheck"]["test"][3]
    assert [
        p["port"] for policy in manifests("NetworkPolicy") for r in policy["spec"].get("ingress", []) for p in r["ports"]
    ] == [port]


def test_everything_waits_for_as_long_as_leaving_may_take():
    def leaving(environment: Mapping[str, str]) -> float:
        defaults = Settings()
        delay = parse_duration(environment.get("DRAIN_DELAY", "0s")) if "DRAIN_DELAY" in environment else defaults.drain_delay
        drain = parse_duration(environment["DRAIN_TIMEOUT"]) if "DRAIN_TIMEOUT" in environment else defaults.drain_timeout
        return (delay + drain).total_seconds() + EXTRA

    config = manifests("ConfigMap")[0]["data"]
    example = environment_file(DEPLOY / "compose" / "production.env.example")
    unit_example = environment_file(UNITS / "mainspring.env.example")

    for deployment in manifests("Deployment"):
        assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > leaving(config) + 2
    for service in ours(compose("deploy/compose/production.yml")).values():
        assert parse_duration(service["stop_grace_period"]).total_seconds() > leaving(example) + 2
    for service in ours(compose("docker-compose.yml")).values():
        assert parse_duration(service["stop_grace_period"]).total_seconds() > leaving({}) + 2
    for unit in UNITS.glob("mainspring*.service"):
        if of_unit(unit)["Type"] == ["notify"]:
            assert int(of_unit(unit)["TimeoutStopSec"][0]) > leaving(unit_example) + 2
    assert parse_duration(config["DRAIN_DELAY"]) >= timedelta(seconds=5)  # endpoints take seconds to forget a pod


def test_the_proxy_fits_the_servers():
    def seconds(name: str) -> list[int]:
        return [int(found) for found in re.findall(rf"^\s*{name} +(\d+)s;", NGINX, re.M)]

    settings = Settings()

    assert max(seconds("keepalive_timeout")) < IDLE_SECONDS
    assert min(seconds("proxy_read_timeout")) > settings.request_timeout.total_seconds()
    assert min(seconds("client_body_timeout")) >= settings.body_timeout.total_seconds()
    (most,) = re.findall(r"client_max_body_size +(\d+)m;", NGINX)
    assert int(most) * 1024 * 1024 > settings.body_limit
    assert not re.search(r"proxy_next_upstream [^#;]*non_idempotent", NGINX)
    assert set(re.findall(r"X-Forwarded-For +(\S+);", NGINX)) == {"$remote_addr"}
    (ingress,) = manifests("Ingress")
    words = {name.rpartition("/")[2]: value for name, value in ingress["metadata"]["annotations"].items()}
    assert words["proxy-body-size"] == f"{most}m"
    assert int(words["proxy-read-timeout"]) > settings.request_timeout.total_seconds()
    assert "non_idempotent" not in words["proxy-next-upstream"]


def test_every_command_is_one_of_ours():
    started = [
        *(unit["ExecStart"][0].partition("mainspring ")[2].split() for unit in map(of_unit, UNITS.glob("*.service"))),
        *(c["args"] for w in workloads() for c in w["spec"]["template"]["spec"]["containers"] if "args" in c),
        *(
            s["command"]
            for p in ("docker-compose.yml", "deploy/compose/production.yml")
            for s in ours(compose(p)).values()
            if "command" in s
        ),
        *map(json.loads, re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.M)),
    ]
    names = {command.name or command.callback.__name__ for command in commands.registered_commands}
    names |= {group.name for group in commands.registered_groups}

    assert len(started) >= 9
    assert {words[0] for words in started} == {"serve", "worker", "migrate"} <= names


def test_every_image_names_its_version():
    images = [
        *re.findall(r"^FROM (\S+)", DOCKERFILE, re.M),
        *(c["image"] for w in workloads() for c in w["spec"]["template"]["spec"]["containers"]),
        *(s["image"] for p in ("docker-compose.yml", "deploy/compose/production.yml") for s in compose(p).values()),
    ]

    unpinned = [image for image in images if not re.search(r":v?\d+\.\d+|:\d+-|:development$|^\$\{MAINSPRING_IMAGE:\?", image)]
    assert unpinned == []


def test_no_file_holds_a_secret():
    files = [path for path in DEPLOY.rglob("*") if path.is_file()] + [
        ROOT / name for name in ("Dockerfile", "docker-compose.yml")
    ]
    assert not [path for path in files if "PRIVATE KEY--" in path.read_text()]
    for path in files:
        for name, value in re.findall(r"\b([A-Z_]*(?:SECRET|PASSWORD|_KEY|TOKEN))[=:] *[\"']?([^\s\"']+)", path.read_text()):
            assert value.startswith(("${", "/run/secrets")), f"{path}: {name}"
    assert manifests("Secret") == []


def test_every_pod_is_small_and_can_change_nothing():
    assert len(workloads()) == 3
    for workload in workloads():
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys() & container["resources"]["requests"].keys()
            assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}
    assert "USER 10001:10001" in DOCKERFILE


@pytest.mark.parametrize("path", ["docker-compose.yml", "deploy/compose/production.yml"])
def test_every_container_of_ours_can_change_nothing(path: str):
    for service in ours(compose(path)).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "/data" in str(service.get("volumes")) + str(service["tmpfs"])
    if "production" in path:
        assert all("limits" in service["deploy"]["resources"] for name, service in compose(path).items() if name != "migrate")


def test_every_manifest_is_applied():
    for kustomization in (DEPLOY / "kubernetes").rglob("kustomization.yaml"):
        listed = documents(kustomization)[0]["resources"]
        there = {path.name for path in kustomization.parent.glob("*.yaml")} - {"kustomization.yaml"}
        assert {name for name in listed if name.endswith(".yaml")} == there
        assert all((kustomization.parent / name).exists() for name in listed)


def test_all_pods_together_fit_into_postgresql():
    config = manifests("ConfigMap")[0]["data"]
    pool, (scaler,) = int(config["DB_POOL_MAX"]), manifests("HorizontalPodAutoscaler")
    (worker,) = [one for one in manifests("Deployment") if one["metadata"]["name"] == "mainspring-worker"]

    pods = scaler["spec"]["maxReplicas"] + worker["spec"]["replicas"] + 2  # one more of each while they are exchanged

    assert pods * int(config["WORKERS"]) * pool <= POSTGRESQL_CONNECTIONS * 0.9


def test_the_image_gets_everything_it_copies_and_nothing_of_a_developer():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M) for source in line.split()[:-1]}

    assert {re.sub(r"[^/]+\.lock$", "*.lock", source) for source in copied} == let_in
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
    runs = (DEPLOY / "docker" / "requirements.lock").read_text()
    assert "pytest==" not in runs
    assert "asyncpg==" in runs
    assert DOCKERFILE.count("--require-hashes") == 2
