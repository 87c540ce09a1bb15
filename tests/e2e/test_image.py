"""What the Dockerfile does, done without a container engine: its commands in folders of a test, and the program in the result."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from mainspring import __version__
from mainspring.testing.databases import environment_of_tests

from .proxy import free_ports

pytestmark = pytest.mark.slow  # installs some eighty packages into a fresh environment
ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BUILD, FINAL = DOCKERFILE.split("\nFROM ")[-2:]


class Image:
    """The folders that the image would hold, and what it would be started with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "opt" / "mainspring"
        image = dict(re.findall(r"([A-Z_]+)=(\S+)", FINAL.rpartition("\nENV ")[2].partition("\n\n")[0]))
        self.environment = image | {"PATH": f"{self.home}/bin:/usr/bin:/bin", "DATA_DIR": str(folder / "data")}

    def build(self) -> None:
        """Do what the first stage does: copy what it copies and run what it runs."""
        shims, build = self.folder / "shims", self.folder / "build"
        for place in (shims, build, self.folder / "data"):
            place.mkdir()
        for name, module in (("python", ""), ("pip", "-m pip ")):
            (shims / name).write_text(f'#!/bin/sh\nexec {sys.executable} {module}"$@"\n')
            (shims / name).chmod(0o755)
        for deed, text in re.findall(r"^(COPY|RUN) ((?:.*\\\n)*.*)$", BUILD, re.M):
            if deed == "COPY":
                *sources, target = text.split()
                for source in sources:
                    there = build / target / Path(source).name if (ROOT / source).is_file() else build / target
                    subprocess.run(["cp", "-r", str(ROOT / source), str(there)], check=True)
            else:
                here = text.replace("/opt/", f"{self.folder}/opt/").replace("\\\n", " ")
                environment = os.environ | {"PATH": f"{shims}:{os.environ['PATH']}", "PYTHONPATH": ""}
                done = subprocess.run(["sh", "-ec", here], cwd=build, env=environment, text=True, capture_output=True)
                assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        subprocess.run(["chmod", "-R", "a-w", str(self.home)], check=True)

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the image to its end."""
        return subprocess.run(
            arguments, env=self.environment | environment, cwd=self.home, text=True, capture_output=True, timeout=120
        )

    def files(self) -> dict[str, float]:
        """Every file that the image holds, with the time of its last change."""
        return {str(path): path.lstat().st_mtime for path in self.home.rglob("*")}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    made = Image(tmp_path_factory.mktemp("image"))
    made.build()
    yield made
    subprocess.run(["chmod", "-R", "u+w", str(made.home)], check=True)


def test_it_holds_the_program_and_no_installer(image: Image):
    assert image.run("mainspring", "version").stdout.startswith(f"mainspring {__version__}, Python 3.")

    missing = image.run("python", "-m", "pip", "--version")
    assert "No module named pip" in missing.stderr
    assert image.run("python", "-c", "import pytest").returncode == 1
    assert image.run("python", "-c", "import asyncpg, aiosmtplib, faststream, stripe, argon2").returncode == 0


def test_it_refuses_production_without_secrets(image: Image):
    refused = image.run("mainspring", "serve")

    assert refused.returncode == 1
    assert "SESSION_SECRET is missing" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_serves_and_writes_nowhere_but_into_its_data(image: Image):
    (port,) = free_ports(1)
    secrets = {name: environment_of_tests()[name] for name in ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY")}
    own = {"SESSION_SECRET": os.urandom(32).hex(), "ENCRYPTION_KEY": os.urandom(32).hex(), "PAYMENTS__GATEWAY": "none"}
    given = image.environment | secrets | own | {"PUBLIC_URL": "https://api.example.com", "PORT": str(port), "HOST": "127.0.0.1"}
    before = image.files()
    check = json.loads(re.findall(r"^ +CMD (\[.*\])$", FINAL, re.M)[0])

    with (image.folder / "serve.log").open("wb") as log:
        program = subprocess.Popen(["mainspring", "serve"], env=given, cwd=image.home, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 90
        while image.run(*check, PORT=str(port)).returncode != 0:
            assert time.monotonic() < deadline, (image.folder / "serve.log").read_text()
        ready = httpx2.get(f"http://127.0.0.1:{port}/ready", timeout=30).status_code
    finally:
        program.terminate()
        code = program.wait(60)

    assert (ready, code) == (200, 0)
    assert image.run(*check, PORT=str(port)).returncode != 0  # nobody is there any more
    assert image.files() == before
    assert (image.folder / "data" / "mainspring.db").exists()
