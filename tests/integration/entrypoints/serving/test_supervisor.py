"""The supervisor with workers that do nothing but live and die as they are told (R-317)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from mainspring.entrypoints.serving.supervisor import Supervisor

folder = Path(sys.argv[1])

def work(listener, line):
    number = len(list(folder.glob("worker-*"))) + 1
    (folder / f"worker-{number}").write_text(str(os.getpid()))
    what = (folder / f"plan-{number}").read_text() if (folder / f"plan-{number}").exists() else ""
    ended = []
    for kind in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(kind, lambda kind, _: ended.append(kind))
    if what == "fail":
        return 1
    while what == "wait" and not (folder / "go").exists() and not ended:
        time.sleep(0.01)
    line.ready()
    if what == "old":
        line.ask("age")
    while not ended:
        time.sleep(0.01)
    (folder / f"left-{number}").write_text(signal.Signals(ended[0]).name)
    return 0

code = Supervisor([None], work, 5.0).run(lambda: (folder / "told").touch())
(folder / "code").write_text(str(code))
"""


class Supervised:
    def __init__(self, folder: Path, **plans: str) -> None:
        self.folder = folder
        for name, plan in plans.items():
            (folder / name.replace("_", "-")).write_text(plan)
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], start_new_session=True)

    def read(self, name: str) -> str:
        """The text of a file, once it is there."""
        deadline = time.monotonic() + 60
        while not (file := self.folder / name).exists() or not (text := file.read_text()):
            assert time.monotonic() < deadline, f"no {name}"
            time.sleep(0.01)
        return text

    def end(self) -> int:
        self.process.terminate()
        self.process.wait(30)
        return int(self.read("code"))


@pytest.fixture
def supervised(tmp_path):
    running = []

    def start(**plans: str) -> Supervised:
        running.append(Supervised(tmp_path, **plans))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()


def test_an_old_worker_leaves_when_its_successor_serves(supervised):
    one = supervised(plan_1="old")

    assert one.read("left-1") == "SIGUSR1"
    assert one.end() == 0
    assert one.read("left-2") == "SIGTERM"


def test_an_old_worker_stays_until_a_successor_succeeds(supervised):
    one = supervised(plan_1="old", plan_2="fail", plan_3="fail")

    one.read("worker-4")
    assert one.read("left-1") == "SIGUSR1"
    assert one.end() == 0


def test_a_worker_that_dies_before_its_successor_serves_is_succeeded_all_the_same(supervised):
    one = supervised(plan_1="old", plan_2="wait")

    one.read("worker-2")
    os.kill(int(one.read("worker-1")), signal.SIGKILL)
    (one.folder / "go").touch()
    time.sleep(0.3)

    assert not (one.folder / "worker-3").exists()
    assert one.end() == 0
    assert one.read("left-2") == "SIGTERM"


def test_an_end_in_the_middle_of_a_replacement_ends_both(supervised):
    one = supervised(plan_1="old", plan_2="wait")

    one.read("worker-2")

    assert one.end() == 0
    assert {one.read("left-1"), one.read("left-2")} == {"SIGTERM"}
