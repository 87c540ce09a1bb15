"""The four measurements, the same for every contender. Each says what it saw, or raises WrongCount."""

import asyncio
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from .contender import LINE, SEEN, Contender

LATEST_START = 30.0  # seconds after which a job counts as never started


class WrongCount(AssertionError):
    """Something ran not at all, or more than once."""


def main(name: str, kind: type[Contender], deed: str, argument: str) -> None:
    """`worker FILE` or `measure OPTIONS`; the result goes to standard output as JSON."""
    import uvloop

    if deed == "worker":
        uvloop.run(work(kind(), Path(argument)))
        return
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not mix with the answer
    result = uvloop.run(measure(name, kind(), json.loads(argument)))
    os.write(answers, json.dumps(result).encode())
    sys.stderr.flush()
    os._exit(0)  # a library's forgotten thread must not hold up the run


async def work(contender: Contender, file: Path) -> None:
    """Run jobs until standard input ends."""
    SEEN.file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    await contender.open()
    async with contender.working(None):
        os.write(1, b"working\n")
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


async def measure(name: str, contender: Contender, options: dict[str, int]) -> dict[str, Any]:
    """Everything of one round."""
    await contender.open()
    gc.collect()
    gc.freeze()
    result: dict[str, Any] = {"transactional": contender.transactional}
    result |= await enqueue_cost(contender, amount(contender, options["enqueues"]))
    result["start_here"] = await start_here(contender, amount(contender, options["starts"]))
    result["start_elsewhere"] = await start_elsewhere(name, contender, amount(contender, options["starts"]))
    jobs = amount(contender, options["jobs"])
    result["default_concurrency"] = contender.concurrency
    result["per_second_same"] = await speed(contender, jobs, options["concurrency"])
    if contender.concurrency == options["concurrency"]:
        result["per_second_default"] = result["per_second_same"]
    else:
        result["per_second_default"] = await speed(contender, jobs, None)
    await contender.close()
    return result


def amount(contender: Contender, usual: int) -> int:
    return max(10, int(usual * contender.share))


async def enqueue_cost(contender: Contender, count: int) -> dict[str, Any]:
    """Milliseconds of a transaction without and with a job, turn by turn; no worker runs meanwhile."""
    warm = 20
    plain: list[float] = []
    with_job: list[float] = []
    alone: list[float] = []
    before = await contender.orders()
    for number in range(count + warm):
        for times, deed in ((plain, contender.order), (with_job, contender.order_and_enqueue), (alone, contender.enqueue)):
            if deed != contender.enqueue or not contender.transactional:
                begun = time.perf_counter()
                await deed(number)  # type: ignore[operator]  # the three take a number
                times.append((time.perf_counter() - begun) * 1000)
    total = count + warm
    jobs = total if contender.transactional else 2 * total
    await expect("orders", await contender.orders() - before, 2 * total)
    await expect("jobs in the store", await contender.unfinished(), jobs)
    if contender.transactional:
        try:
            await contender.order_and_enqueue(-1, fail=True)
        except Refused:
            pass
        else:
            raise WrongCount("A transaction that fails must raise.")
        await expect("jobs after a rolled-back transaction", await contender.unfinished(), jobs)
        await expect("orders after a rolled-back transaction", await contender.orders() - before, 2 * total)
    SEEN.forget()
    async with contender.working(None):
        await until_done(contender, jobs)
    without = median(plain[warm:])
    pairs = zip(plain[warm:], with_job[warm:], strict=True)  # neighbours in time: what else the machine does hits both
    added = median(both - one for one, both in pairs) if contender.transactional else median(alone[warm:])
    return {"transaction": without, "with_job": median(with_job[warm:]), "enqueue": added}


class Refused(Exception):
    """What a transaction raises that is told to fail."""


async def start_here(contender: Contender, count: int) -> dict[str, float]:
    """Milliseconds from the return of the commit to the first line of the job, with the worker in this process."""
    waits: list[float] = []
    SEEN.forget()
    async with contender.working(None):
        for number in range(count):
            await pause()
            await contender.order_and_enqueue(number)
            committed = time.monotonic()
            waits.append((await SEEN.start_of(number, LATEST_START) - committed) * 1000)
        await until_done(contender, count)
    return spread(waits)


async def start_elsewhere(name: str, contender: Contender, count: int) -> dict[str, float]:
    """The same with the worker in another process. The monotonic clock is one for the machine."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "starts"
        command = [sys.executable, "-m", "benchmarks.queues", name, "worker", str(file)]
        worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: ASYNC220  # once, before the clock runs
        try:
            assert worker.stdout
            if await asyncio.to_thread(worker.stdout.readline) != b"working\n":
                raise WrongCount("The worker in another process did not start.")
            await asyncio.sleep(0.5)
            committed: list[float] = []
            for number in range(count):
                await pause()
                await contender.order_and_enqueue(number)
                committed.append(time.monotonic())
                await until(lambda n=number: file.stat().st_size >= LINE.size * (n + 1))  # type: ignore[misc]  # bound now
            await until_stored(contender)
            starts = dict(LINE.iter_unpack(file.read_bytes()))
            await expect("starts elsewhere", file.stat().st_size // LINE.size, count)
        finally:
            worker.communicate()
    return spread([(starts[number] - moment) * 1000 for number, moment in enumerate(committed)])


async def speed(contender: Contender, count: int, concurrency: int | None) -> float:
    """Empty jobs a second: from the start of the first one until the store says that none is left."""
    await contender.fill(range(count))
    await expect("jobs in the store", await contender.unfinished(), count)
    SEEN.forget()
    async with contender.working(concurrency):
        await until_done(contender, count)
        done = time.monotonic()
    return count / (done - min(SEEN.starts.values()))


async def until_done(contender: Contender, count: int) -> None:
    """Wait until so many have run and the store knows it. Raises WrongCount when there were more or fewer."""
    await until(lambda: count <= SEEN.runs, every=0.002)
    await until_stored(contender)
    await expect("runs", SEEN.runs, count)


async def until_stored(contender: Contender) -> None:
    ending = time.monotonic() + LATEST_START
    while await contender.unfinished():
        if time.monotonic() > ending:
            raise WrongCount(f"{await contender.unfinished()} jobs were not finished.")
        await asyncio.sleep(0.002)


async def until(claim: Callable[[], bool], *, every: float = 0.001) -> None:
    ending = time.monotonic() + 4 * LATEST_START
    while not claim():
        if time.monotonic() > ending:
            raise WrongCount("What was waited for did not come.")
        await asyncio.sleep(every)


async def expect(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise WrongCount(f"{what}: {found}, not {wanted}.")


async def pause() -> None:
    """Long enough for a worker to have gone to sleep, and not in step with anything."""
    await asyncio.sleep(random.uniform(0.01, 0.03))


def spread(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {"p50": median(values), "p95": quantiles(values, n=20)[18]}
