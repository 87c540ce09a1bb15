"""The benchmark runs, its answers are right, and every create it was told of is in the table."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_benchmark_measures_what_is_right(tmp_path: Path):
    output = tmp_path / "results.json"
    options = ["--rounds", "1", "--seconds", "1", "--workers", "2", "--only", "sqlite", "--subjects", "mainspring"]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options, "--no-stages", "--output", str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    if shutil.which("wrk") is None:
        assert "needs wrk" in done.stderr
        return
    assert done.returncode in (0, 1), done.stdout + done.stderr
    (measured,) = json.loads(output.read_text())["measured"]
    assert measured["creates"][0]["failed"] == measured["lists"][0]["failed"] == 0
    assert measured["creates"][0]["answered"] > 100
