"""The README's tour works to the letter: each command is run, each shown answer is compared."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.M | re.S)
SHOWN = "http://127.0.0.1:8000"


def steps() -> list[tuple[str, str | None]]:
    """The commands of the tour, each with the output that the page shows for it."""
    tour = (ROOT / "README.md").read_text().partition("## A five-minute tour")[2].partition("\n## ")[0]
    found: list[tuple[str, str | None]] = []
    for kind, text in BLOCK.findall(tour):
        if kind == "sh":
            found.append((text, None))
        else:
            found[-1] = (found[-1][0], text)
    return found


def pattern(shown: str) -> re.Pattern[str]:
    """The shown output, where three dots stand for anything."""
    return re.compile(re.escape(shown.strip()).replace(re.escape("..."), ".*?"), re.S)


def keep_this_environment() -> None:
    """`./dev` makes an environment anew unless these copies show that it fits."""
    for source, copy in (("requirements.lock", "installed.lock"), ("pyproject.toml", "installed.toml")):
        shutil.copyfile(ROOT / source, Path(sys.prefix) / copy)


@pytest.fixture
def address(tmp_path):
    """`./dev serve` on a free port with a data folder of its own."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    keep_this_environment()
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environment |= {"PORT": str(port), "DATA_DIR": str(tmp_path / "data"), "VENV": sys.prefix}
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen([ROOT / "dev", "serve"], env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            try:
                if httpx2.get(f"http://127.0.0.1:{port}/ready", timeout=1).status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.05)
        else:
            pytest.fail((tmp_path / "serve.log").read_text())
        yield f"http://127.0.0.1:{port}", environment
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(40)


def test_the_tour_shows_what_really_happens(address):
    url, environment = address
    assert len(steps()) > 5

    script, shown = ["set -euo pipefail"], []
    for command, output in steps():
        script.append(command.replace(SHOWN, url))
        script.append("echo; echo '=== end of step'")
        shown.append(output)
    run = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=ROOT, env=environment, text=True, capture_output=True, timeout=120
    )

    assert run.returncode == 0, run.stdout + run.stderr
    outputs = run.stdout.split("=== end of step\n")[:-1]
    for output, expected in zip(outputs, shown, strict=True):
        if expected is not None:
            assert pattern(expected).search(output), f"shown:\n{expected}\nhappened:\n{output}"
