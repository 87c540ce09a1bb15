"""`mainspring worker`."""

from typing import Annotated

import typer

from mainspring.core.console import say


def worker(
    queues: Annotated[str, typer.Option(help="Only these queues, with commas between; by default every one.")] = "",
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Jobs at once in each process; by default JOBS__CONCURRENCY or 10.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Processes.")] = 1,
    check: Annotated[bool, typer.Option("--check", help="Prepare everything as a start does (it migrates), and end.")] = False,
) -> None:
    """Run jobs, and nothing else. Any number of workers may run, on any machine that reaches the database."""
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.working import prepare_worker, run_worker

    names = [name.strip() for name in queues.split(",") if name.strip()]
    if check:
        prepare_worker(load_settings(), names, concurrency)
        say("Ready to work.")
        return
    raise typer.Exit(run_worker(load_settings(), names, concurrency, processes))
