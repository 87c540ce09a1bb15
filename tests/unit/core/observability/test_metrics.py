"""Figures of several processes become one, whoever lives and whoever died (R-195, decision 75)."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from mainspring.core.observability.metrics import counter, gauge, histogram, instruments, requests
from mainspring.core.observability.metrics.cells import Cells, Key, entries
from mainspring.core.observability.metrics.collecting import Reading
from mainspring.core.observability.metrics.exposition import rendered
from mainspring.core.observability.metrics.instruments import MOST_SERIES, REST, Counter
from mainspring.core.observability.metrics.reading import MOST_DEAD, empty, figures

CHILD = """
import sys
from pathlib import Path
from mainspring.core.observability.metrics import counter, gauge, histogram
from mainspring.core.observability.metrics.instruments import BOOK
SOLD = counter("sold_total", "Sold.", ("what",))
SOLD.of("before the fork").inc(100)
BOOK.keep_in(Path(sys.argv[1]))
SOLD.of("lamp").inc(int(sys.argv[2]))
gauge("stock", "Stock.").set(int(sys.argv[2]))
gauge("lag", "Lag.", across="max").set(int(sys.argv[2]))
gauge("memory", "Memory.", across="each").set(int(sys.argv[2]))
histogram("took_seconds", "Took.", bounds=(1.0, 2.0)).observe(1.5)
print("counted", flush=True)
sys.stdin.read()
"""


def fresh(kind: str = "thing", ending: str = "_total") -> str:
    return f"{kind}_{uuid4().hex}{ending}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "metrics"
    empty(folder)
    return folder


@pytest.fixture
def process(folder: Path):
    """Starts processes that count; they end when they are killed, or with the test."""
    children = []

    def start(amount: int) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", CHILD, str(folder), str(amount)]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"counted\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def value(folder: Path, name: str, *labels: str) -> list[float] | None:
    found = [one for key, one in figures(folder).items() if key.name == name and tuple(v for _, v in key.labels) == labels]
    assert len(found) <= 1
    return found[0] if found else None


def test_a_counter_counts_by_labels():
    sold = counter(fresh(), "Sold.", ("what",))

    sold.of("lamp").inc()
    sold.of("lamp").inc(2)
    sold.of("desk").inc()

    assert (sold.of("lamp").value, sold.of("desk").value) == (3, 1)


def test_a_histogram_knows_how_often_which_sizes_came():
    took = histogram(fresh("took", "_seconds"), "Took.", bounds=(1.0, 2.0))

    for size in (0.5, 1.0, 1.5, 9.0):
        took.observe(size)

    start = took.of().at
    assert (took.of().value, took.of().count) == (12.0, 4)
    assert list(instruments.BOOK.values[start + 1 : start + 4]) == [2, 1, 1]


def test_the_same_declaration_is_the_same_metric_and_another_is_refused():
    name = fresh()
    first = counter(name, "Sold.", ("what",))

    assert counter(name, "Sold.", ("what",)) is first
    with pytest.raises(ValueError, match="declared twice"):
        counter(name, "Sold.", ("who",))


@pytest.mark.parametrize(
    "declare",
    [
        lambda: counter("without_its_ending", "x"),
        lambda: gauge("Upper", "x"),
        lambda: gauge("good", "x", ("bad-label",)),
        lambda: histogram("falling_seconds", "x", bounds=(2.0, 1.0)),
        lambda: counter(fresh(), "x", ("one",)).of("a", "b"),
    ],
)
def test_a_mistake_in_a_declaration_is_told(declare):
    with pytest.raises(ValueError, match=r"\w"):
        declare()


def test_labels_that_a_client_makes_up_do_not_fill_the_memory():
    visits = counter(fresh(), "Visits.", ("page",))

    for number in range(MOST_SERIES + 50):
        visits.of(f"page {number}").inc()

    assert visits.of(REST).value == 50
    assert visits.of("page 3").value == 1


def test_a_full_memory_drops_new_series_and_hurts_no_other(monkeypatch):
    book = instruments._Book()
    monkeypatch.setattr(instruments, "BOOK", book)
    one = Counter("one_total", "One.", ("what",))
    one.of("first").inc()
    monkeypatch.setattr(book.cells, "used", 4 * 1024 * 1024 - 1100)

    one.of("too late").inc(7)

    assert one.of("first").value == 1
    assert book.cells.used == 4 * 1024 * 1024 - 1100


def test_processes_add_up_and_a_fork_starts_at_zero(folder, process):
    process(3)
    process(4)

    assert value(folder, "sold_total", "lamp") == [7]
    assert value(folder, "sold_total", "before the fork") == [0]
    assert value(folder, "stock") == [7]
    assert value(folder, "lag") == [4]
    assert value(folder, "took_seconds") == [3.0, 0, 2, 0]


def test_a_gauge_of_each_process_is_told_apart(folder, process):
    first, second = process(3), process(4)

    assert value(folder, "memory", str(first.pid)) == [3]
    assert value(folder, "memory", str(second.pid)) == [4]


def test_what_a_killed_process_counted_still_counts_and_its_gauges_are_gone(folder, process):
    killed = process(3)
    process(4)
    killed.kill()
    killed.wait()

    assert value(folder, "sold_total", "lamp") == [7]
    assert value(folder, "took_seconds") == [3.0, 0, 2, 0]
    assert value(folder, "stock") == [4]


def test_many_dead_processes_become_one_file(folder):
    for _ in range(MOST_DEAD + 1):
        cells = Cells(folder)
        cells.values[cells.add(Key("sold_total", "counter", "Sold.", ()), 1)] = 2.0
        cells.close()

    before = value(folder, "sold_total")
    after = value(folder, "sold_total")

    assert before == after == [2.0 * (MOST_DEAD + 1)]
    assert len(list(folder.glob("*.cells"))) == 1


def test_a_start_forgets_the_dead_and_keeps_the_living(folder, process):
    killed = process(3)
    process(4)
    killed.kill()
    killed.wait()

    empty(folder)

    assert value(folder, "sold_total", "lamp") == [4]


def test_a_file_of_another_version_is_not_read(folder):
    (folder / "1-ab.cells").write_bytes(b"something else entirely")
    (folder / "2-ab.cells").write_bytes(b"")

    assert list(entries(b"something else entirely")) == []
    assert figures(folder) == figures(folder)


def test_the_text_is_what_prometheus_reads(folder, process):
    process(3)
    shared = [Reading("jobs_ready", "Jobs that are due.", 5, {"queue": 'a"b'})]

    plain, kind = rendered(figures(folder), shared, "text/plain")
    opened, open_kind = rendered(figures(folder), shared, "application/openmetrics-text; version=1.0.0")

    assert kind.startswith("text/plain; version=0.0.4")
    assert b'sold_total{what="lamp"} 3.0\n' in plain
    assert b'jobs_ready{queue="a\\"b"} 5.0\n' in plain
    assert b'took_seconds_bucket{le="2.0"} 1.0\n' in plain
    assert b'took_seconds_bucket{le="+Inf"} 1.0\ntook_seconds_count 1.0\ntook_seconds_sum 1.5\n' in plain
    assert open_kind.startswith("application/openmetrics-text")
    assert opened.endswith(b"# EOF\n")


def test_a_method_that_a_client_made_up_gets_no_series_of_its_own():
    requests.begin()
    requests.end(None, "BREW", 404, 0.001)
    counted = requests.REQUESTS.of("OTHER", requests.UNKNOWN, 404).value

    requests.begin()
    requests.end(None, "BREW2", 404, 0.001)

    assert requests.REQUESTS.of("OTHER", requests.UNKNOWN, 404).value == counted + 1
    assert not any(key[1].startswith("BREW") for key in requests._places)
