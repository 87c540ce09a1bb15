"""A test that hangs, also while its event loop is closed, ends the run and shows where it hung."""

import subprocess
import sys
from pathlib import Path

HANGING = """
import time
import pytest

@pytest.fixture
def loop_that_never_closes():
    yield
    time.sleep(600)

def test_something(loop_that_never_closes):
    pass
"""


def test_what_hangs_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    settings = Path(__file__).parents[2] / "pyproject.toml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", str(settings), "-o", "faulthandler_timeout=2"]

    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=120, cwd=tmp_path)

    assert done.returncode != 0
    assert "loop_that_never_closes" in done.stdout + done.stderr
    assert "Timeout" in done.stdout + done.stderr
