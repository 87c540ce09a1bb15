"""A second distribution adds a feature with pip alone, and removing it never blocks the boot."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mainspring.testing.databases import environment_of_tests
from mainspring.testing.servers import start_server

SOURCE = Path(__file__).parent / "loyalty"
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip (uv's, which is quick) installed the distribution and nothing else."""
    folder, copy = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source") / "loyalty"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--offline"]
    command += ["--python", sys.executable, "--target", str(folder), str(copy)]
    subprocess.run(command, check=True, timeout=120)
    return folder


class House:
    """One database and data folder, in front of which Mainspring starts with and without the module."""

    def __init__(self, database_url: str, folder: Path, installed: Path) -> None:
        self.database_url = database_url
        self.folder = folder
        self.installed = installed

    def environment(self, with_module: bool) -> dict[str, str]:
        given = {"LOYALTY__MOST_POINTS": "500", "PYTHONPATH": str(self.installed)} if with_module else {}
        return {"PATH": os.environ["PATH"], **environment_of_tests(), "DATABASE_URL": self.database_url, **given}

    def command(self, *arguments: str, text: str = "", with_module: bool = True) -> str:
        """What `mainspring ...` prints."""
        program = Path(sys.executable).with_name("mainspring")
        environment = self.environment(with_module) | {"DATA_DIR": str(self.folder / "data")}
        done = subprocess.run(
            [program, *arguments], env=environment, cwd=self.folder, input=text, text=True, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serving(self, with_module: bool) -> Any:
        return start_server(self.database_url, self.folder, env=self.environment(with_module))


@pytest.fixture
def house(database_url: str, tmp_path: Path, installed: Path) -> House:
    house = House(database_url, tmp_path, installed)
    house.command("migrate", "up")
    house.command("users", "create-admin", "--email", "ada@example.com", "--name", "Ada", "--password-stdin", text=PASSWORD)
    return house


class Caller:
    """Ada, signed in."""

    def __init__(self, url: str) -> None:
        self.url = url + "/api/v1"
        self.headers: dict[str, str] = {}
        answer = self.post("/auth/login", email="ada@example.com", password=PASSWORD).json()
        self.id = answer["user"]["id"]
        self.headers = {"Authorization": f"Bearer {answer['accessToken']}"}

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, headers=self.headers, timeout=30)

    def post(self, path: str, **body: Any) -> httpx2.Response:
        return httpx2.post(self.url + path, headers=self.headers, json=body, timeout=30)

    def award(self, points: int) -> httpx2.Response:
        return self.post("/loyalty/awards", userId=self.id, points=points, reason="Welcome")

    def points(self) -> httpx2.Response:
        return self.get("/loyalty/points")


@pytest.fixture
def ada_with_the_module(house: House) -> Iterator[Caller]:
    with house.serving(with_module=True) as server:
        yield Caller(server.url)


def test_installing_adds_table_route_permission_setting_and_audit(ada_with_the_module: Caller):
    ada = ada_with_the_module

    assert ada.award(20).status_code == 201
    assert ada.award(501).json()["error"]["code"] == "loyalty.too_many_points"
    assert ada.points().json() == {"points": 20}
    names = [permission["name"] for permission in ada.get("/permissions?limit=100").json()["data"]]
    assert {"loyalty:read", "loyalty:award"} <= set(names)
    assert ada.get("/audit?resource=loyalty_award").json()["data"][0]["action"] == "AWARD"


def test_the_commands_know_the_module(installed: Path, tmp_path: Path):
    house = House(f"sqlite:///{tmp_path}/mainspring.db", tmp_path, installed)

    assert "loyalty" in house.command("modules")
    assert "seeds" in house.command("modules", "loyalty")
    assert "/api/v1/loyalty/points" in house.command("routes")
    assert "LOYALTY__MOST_POINTS" in house.command("settings")
    assert "/api/v1/loyalty/awards" in json.loads(house.command("openapi"))["paths"]


def test_removing_never_blocks_the_boot_and_coming_back_finds_the_data(house: House):
    with house.serving(with_module=True) as server:
        assert Caller(server.url).award(7).status_code == 201

    with house.serving(with_module=False) as server:
        without = Caller(server.url)
        assert without.points().status_code == 404
        assert without.get("/products").status_code == 200
    assert "loyalty" not in house.command("modules", with_module=False)

    with house.serving(with_module=True) as server:
        assert Caller(server.url).points().json() == {"points": 7}


def test_its_migration_goes_down_alone(house: House):
    house.command("migrate", "down", "loyalty")

    with house.serving(with_module=False) as server:
        assert Caller(server.url).get("/products").status_code == 200
