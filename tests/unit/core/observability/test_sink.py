"""A line taken is a line written, and a stuck reader stops nobody."""

import os
import signal
import subprocess
import sys
import time

from mainspring.core.observability.sink import Sink

PROGRAM = """
import os, signal, sys
from mainspring.core.observability.sink import Sink
sink = Sink(1)
sink.batch()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for number in range(5000):
    sink.write(b"%d\\n" % number)
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_nothing_is_lost_when_the_process_is_told_to_end():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, timeout=30, check=True)

    assert done.stdout.split() == [b"%d" % number for number in range(5000)]


def test_a_batch_leaves_within_a_moment(tmp_path):
    descriptor = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    sink = Sink(descriptor)
    sink.batch()

    sink.write(b"line\n")

    deadline = time.monotonic() + 2
    while not (tmp_path / "out").read_bytes() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "out").read_bytes() == b"line\n"
    sink.close()


def test_a_reader_that_reads_nothing_stops_nobody():
    reading, writing = os.pipe()
    sink = Sink(writing)
    sink.batch()

    started = time.monotonic()
    for _ in range(100_000):
        sink.write(b"x" * 200)
    taken = time.monotonic() - started

    assert taken < 5
    assert sink.dropped > 0
    os.close(reading)
    sink.close()
    os.close(writing)
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
