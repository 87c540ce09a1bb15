"""R-191: several processes write the same files while somebody moves them away, and no line is lost or torn."""

import json
import os
import subprocess
import sys
import time
from collections import Counter

PROCESSES, LINES = 3, 2000
WRITER = """
import sys
from pathlib import Path
from mainspring.core.observability import batch_logs, close_logs, configure_logs, get_logger
from mainspring.core.settings import load_settings
folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
configure_logs(load_settings({"APP_ENV": "test", "LOG_DIR": folder + "/logs"}, Path(folder), modules=[]))
batch_logs()
log = get_logger("writer")
for number in range(count):
    log.info("line", writer=name, number=number, filling="x" * 300)
    if number % 100 == 0:
        log.error("broken", writer=name, number=number)
close_logs()
"""


def lines_of(folder, stem):
    return [json.loads(line) for path in folder.glob(f"{stem}*") for line in path.read_text().splitlines()]


def test_no_line_is_lost_or_torn_while_files_are_moved_away(tmp_path):
    logs = tmp_path / "logs"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number), str(LINES)], stdout=subprocess.DEVNULL)
        for number in range(PROCESSES)
    ]

    moved = 0
    while any(writer.poll() is None for writer in writers):
        for stem in ("combined", "error"):
            if (logs / f"{stem}.log").exists():
                os.rename(logs / f"{stem}.log", logs / f"{stem}.log.{moved}")  # as logrotate does
        moved += 1
        time.sleep(0.03)

    assert [writer.wait() for writer in writers] == [0] * PROCESSES
    every = Counter((line["writer"], line["number"]) for line in lines_of(logs, "combined") if line["message"] == "line")
    assert every == {(str(writer), number): 1 for writer in range(PROCESSES) for number in range(LINES)}
    errors = Counter((line["writer"], line["number"]) for line in lines_of(logs, "error"))
    assert errors == {(str(writer), number): 1 for writer in range(PROCESSES) for number in range(0, LINES, 100)}


def test_a_full_disk_costs_lines_of_the_file_and_nothing_else(tmp_path):
    from mainspring.core.observability.sink import Sink

    (tmp_path / "combined.log").symlink_to("/dev/full")
    reading, writing = os.pipe()
    sink = Sink(writing, tmp_path)

    sink.write(b"one\n")
    sink.write(b"two\n")
    sink.close()

    os.close(writing)
    with os.fdopen(reading) as output:
        text = output.read()
    assert text.splitlines()[0] == "one"
    assert "two" in text.splitlines()
    assert '"message":"log_lines_dropped","count":1' in text
