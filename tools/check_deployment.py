"""The files of deployment, looked at by the linters of their own trades. No container engine and no cluster is needed.

The linters live in an environment of their own, made from tools/linters.lock at the first use: their hundred packages must
not decide the versions of ours. What this machine has no program for is left out, and `left_out` says so.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.nginx_trial import find_nginx, lay_out  # noqa: E402

LOCK = ROOT / "tools" / "linters.lock"
HOME = ROOT / ".venv-linters"
UNITS = ROOT / "deploy" / "systemd"
KUBERNETES = ROOT / "deploy" / "kubernetes"
PROMETHEUS = ROOT / "deploy" / "prometheus"
VERSIONS = ("1.30", "1.37")  # of Kubernetes: the oldest and the newest that the manifests are for
MOST_EXPOSED = 20  # of 100, as `systemd-analyze security` counts
PROGRAM = "/opt/mainspring/bin/mainspring"
WITHOUT_REASON_HERE = "CKV_K8S_21"  # a base names no namespace; who applies it does


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, where YAML would quietly take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # Any: whatever stands in YAML
        """A mapping whose keys are all different."""
        keys = [self.construct_object(key) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if doubled := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"{sorted(doubled)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def yaml_files() -> list[Path]:
    """Every YAML file of deployment."""
    return [
        ROOT / "docker-compose.yml",
        *sorted(path for path in (ROOT / "deploy").rglob("*") if path.suffix in (".yml", ".yaml")),
    ]


def documents(path: Path) -> list[Any]:
    """What stands in a YAML file. Raises yaml.YAMLError."""
    return list(yaml.load_all(path.read_text(), StrictLoader))


def complaints() -> list[str]:
    """What the linters refuse; empty when they are content."""
    found = []
    for path in yaml_files():
        try:
            documents(path)
        except yaml.YAMLError as problem:
            found.append(f"{path.relative_to(ROOT)}: {problem}")
    if missing := _prepare_linters():
        return [*found, missing]
    return [*found, *_dockerfile(), *_compose(), *_manifests(), *_policies(), *_units(), *_proxy(), *_alerts()]


def left_out() -> list[str]:
    """What this machine has no program for, one sentence each."""
    sentences = []
    if shutil.which("systemd-analyze") is None:
        sentences.append("systemd units were not verified: systemd-analyze is not on this machine")
    if find_nginx() is None:
        sentences.append("deploy/nginx was not verified: nginx is not on this machine")
    if shutil.which("promtool") is None:
        sentences.append("deploy/prometheus was not verified: promtool is not on this machine")
    return sentences


def _prepare_linters() -> str | None:
    """Make the environment of the linters unless it fits its lock; what went wrong."""
    mark = HOME / "installed.lock"
    if mark.is_file() and mark.read_bytes() == LOCK.read_bytes():
        return None
    uv = [sys.executable, "-m", "uv"]
    python = str(HOME / "bin" / "python")
    for command in (
        [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)],
        [*uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes", "--requirement", str(LOCK)],
    ):
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
        if done.returncode:
            return (
                f"the linters of {LOCK.relative_to(ROOT)} could not be installed, so nothing was looked at: {done.stderr.strip()}"
            )
    shutil.copyfile(LOCK, mark)
    return None


def _dockerfile() -> Iterator[str]:
    yield from _told([str(HOME / "bin" / "hadolint"), "Dockerfile"])


def _compose() -> Iterator[str]:
    (program,) = map(
        str, HOME.glob("lib/python*/site-packages/compose/docker-compose")
    )  # bin/docker-compose forgets its exit code
    yield from _told([program, "--file", "docker-compose.yml", "config", "--quiet"])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "compose"
        shutil.copytree(ROOT / "deploy" / "compose", place)
        shutil.copyfile(place / "production.env.example", place / "production.env")
        profiles = [word for name in ("database", "redis", "proxy", "migrate") for word in ("--profile", name)]
        command = [program, "--file", str(place / "production.yml"), *profiles, "config", "--quiet"]
        yield from _told(command, MAINSPRING_IMAGE="mainspring:0")


def _manifests() -> Iterator[str]:
    files = [str(path) for path in sorted(KUBERNETES.rglob("*.yaml")) if path.name != "kustomization.yaml"]
    for version in VERSIONS:
        yield from _told([str(HOME / "bin" / "kubernetes-validate"), "--strict", "--quiet", "-k", version, *files])


def _policies() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:  # what checkov is not asked to look at costs time all the same
        shutil.copyfile(ROOT / "Dockerfile", Path(folder) / "Dockerfile")
        shutil.copytree(KUBERNETES, Path(folder) / "kubernetes")
        command = [str(HOME / "bin" / "checkov"), "--quiet", "--compact", "--skip-download", "--directory", folder]
        command += ["--framework", "dockerfile", "kubernetes", "--skip-check", WITHOUT_REASON_HERE]
        yield from _told(command, BC_SKIP_MAPPING="TRUE", LOG_LEVEL="ERROR")


def _units() -> Iterator[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        for unit in sorted(UNITS.glob("*.service")):  # where Mainspring is not installed, something else that runs stands in
            text = unit.read_text().replace(PROGRAM, sys.executable)
            copy = Path(folder) / unit.name.replace("@.", "@8001.")
            copy.write_text(text)
            if copy.name != unit.name:
                (Path(folder) / unit.name).write_text(text)
            yield from _told([program, "verify", "--man=no", str(copy)], may_speak=False)  # it only warns of unknown words
            measure = [program, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", str(copy)]
            yield from _told(measure)


def _proxy() -> Iterator[str]:
    program = find_nginx()
    if program is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        main = lay_out(Path(folder), 8080, 8443, (8001, 8002))
        yield from _told([program, "-t", "-e", "stderr", "-c", str(main)])


def _alerts() -> Iterator[str]:
    program = shutil.which("promtool")
    if program is None:
        return
    yield from _told([program, "check", "config", str(PROMETHEUS / "prometheus.yml")])  # and the rules that it names
    yield from _told([program, "test", "rules", str(PROMETHEUS / "alerts.test.yml")])


def _told(command: list[str], *, may_speak: bool = True, **environment: str) -> Iterator[str]:
    """What a program says when it refuses, or, where it may not speak, when it says anything."""
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, env=os.environ | environment)
    if done.returncode or (done.stderr and not may_speak):
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr).strip()
        yield f"{Path(command[0]).name} refuses: {said or done.returncode}"


if __name__ == "__main__":
    wrong = complaints()
    print("\n".join(wrong) or "deployment: the linters are content")
    print("\n".join(left_out()))
    sys.exit(bool(wrong))
