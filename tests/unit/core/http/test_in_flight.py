"""Keys under way are held in the process and among processes, and a dead process holds none (decision 27)."""

import signal
import subprocess
import sys
from pathlib import Path

from mainspring.core.http.in_flight import FILE, InFlight

HOLD = """
import sys, time
from pathlib import Path
from mainspring.core.http.in_flight import InFlight
entered = InFlight(Path(sys.argv[1]), is_shared=True).enter("a")
print("held" if entered else "refused", flush=True)
time.sleep(60)
"""


def held_elsewhere(folder: Path) -> "subprocess.Popen[str]":
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_one_request_at_a_time_holds_a_key(tmp_path: Path) -> None:
    first, second = InFlight(tmp_path, is_shared=True), InFlight(tmp_path, is_shared=True)

    assert first.enter("a")
    assert not second.enter("a")
    assert second.enter("b")
    first.leave("a")
    assert second.enter("a")
    second.leave("a")
    second.leave("b")


def test_folders_do_not_meet(tmp_path: Path) -> None:
    here, there = (InFlight(tmp_path / name, is_shared=False) for name in ("here", "there"))

    assert here.enter("a")
    assert there.enter("a")
    here.leave("a")
    there.leave("a")
    assert not (tmp_path / "here").exists()


def test_a_killed_process_leaves_no_key_behind(tmp_path: Path) -> None:
    here = InFlight(tmp_path, is_shared=True)
    other = held_elsewhere(tmp_path)
    try:
        assert not here.enter("a")
        assert here.enter("b")  # its descriptor must stay open for the next question
        assert not here.enter("a")
    finally:
        other.send_signal(signal.SIGKILL)
        other.communicate()

    assert here.enter("a")
    here.leave("a")
    here.leave("b")
    assert (tmp_path / FILE).stat().st_size == 0
