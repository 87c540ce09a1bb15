"""`mainspring workflows list|show|retry|cancel`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from mainspring.core.console import coloured, note, say, table, with_application

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from mainspring.core.application import Application
    from mainspring.core.workflows.instance import Instance, Memo
    from mainspring.core.workflows.managing import WorkflowKeeper

app = typer.Typer(name="workflows", help="Durable workflows: list, show, retry, cancel.", no_args_is_help=True)

STATES = "running, waiting, undoing, done, undone, stuck"
COLOURS = {"done": "good", "stuck": "bad", "failed": "bad", "undone": "dim"}

Id = Annotated[UUID, typer.Argument(help="The id of the workflow.")]
State = Annotated[str | None, typer.Option(help=f"Only those in this state: {STATES}.")]
Stuck = Annotated[bool, typer.Option("--stuck", help="Only those that need a person.")]
Name = Annotated[str | None, typer.Option(help="Only those of this name, such as orders.place_order.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Rows on a page.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PageNumber = Annotated[int, typer.Option(min=1, help="Which page.")]


@app.command("list")
def list_workflows(
    stuck: Stuck = False, state: State = None, name: Name = None, limit: Limit = 50, page: PageNumber = 1, as_json: AsJson = False
) -> None:
    """Show workflows, the newest first."""
    if state is not None and state not in STATES.split(", "):
        raise typer.BadParameter(f"A workflow is {STATES}.", param_hint="--state")
    wanted = "stuck" if stuck else state
    found = _with_keeper(lambda keeper: keeper.find(state=wanted, name=name, limit=limit, page=page), writes=False)
    if as_json:
        _say_json([asdict(one) for one in found.rows])
        return
    table(
        ("ID", "NAME", "STATE", "STEP", "STARTED", "KEY", "TROUBLE"),
        [
            (
                str(one.id),
                one.name,
                coloured(one.state, COLOURS.get(one.state, "bold")),
                one.step or "-",
                _time(one.created_at),
                one.key or "-",
                one.trouble or _of_error(one.error) or "-",
            )
            for one in found.rows
        ],
    )
    note(f"{len(found.rows)} of {found.total}")


@app.command()
def show(id: Id, as_json: AsJson = False) -> None:
    """Show one workflow: its state, and each step with its times and its error."""
    instance, memos = _with_keeper(lambda keeper: keeper.show(id), writes=False)
    if as_json:
        _say_json({**asdict(instance), "steps": [asdict(memo) for memo in memos]})
        return
    lines = {
        "id": str(instance.id),
        "name": instance.name,
        "state": coloured(instance.state, COLOURS.get(instance.state, "bold")),
        "key": instance.key,
        "owner": instance.owner_id,
        "started": _time(instance.created_at),
        "finished": _time(instance.finished_at),
        "deadline": _time(instance.deadline_at),
        "step": instance.step,
        "waits for": instance.waiting_for,
        "goes on": "when its message comes" if _is_endless(instance) else _time(instance.resume_at),
        "attempts": instance.attempts or None,
        "trouble": instance.trouble,
        "error": _of_error(instance.error),
    }
    for label, value in lines.items():
        if value not in (None, "-"):
            say(f"{label + ':':<11}{value}")
    if memos:
        say("")
        table(("STEP", "KIND", "STATE", "BEGUN", "TOOK", "UNDONE", "ERROR"), [_line(memo) for memo in memos])


@app.command()
def retry(id: Id) -> None:
    """Let a stuck workflow go on from where it is, with all its attempts."""
    _with_keeper(lambda keeper: keeper.retry(id))
    note(f"{id} goes on.")


@app.command()
def cancel(id: Id) -> None:
    """Stop a workflow and undo its finished steps."""
    _with_keeper(lambda keeper: keeper.cancel(id))
    note(f"{id} is being undone.")


def _with_keeper(deed: "Callable[[WorkflowKeeper], Awaitable[Any]]", *, writes: bool = True) -> Any:  # Any: what the deed answers
    async def work(application: "Application") -> Any:
        from mainspring.core.workflows.managing import WorkflowKeeper

        async with application.unit() if writes else application.reading() as uow:
            return await deed(WorkflowKeeper(uow))

    return with_application(work)


def _say_json(value: Any) -> None:  # Any: rows as dictionaries
    import orjson

    say(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _line(memo: "Memo") -> tuple[str, ...]:
    took = (memo.finished_at - memo.started_at).total_seconds()
    state = "undone" if memo.undone_at else memo.state
    error = _of_error(memo.error) or "-"
    state = coloured(state, COLOURS.get(state, "bold"))
    return (memo.name, memo.kind, state, _time(memo.started_at), f"{took * 1000:.0f} ms", _time(memo.undone_at), error)


def _time(moment: "datetime | None") -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def _is_endless(instance: "Instance") -> bool:
    return instance.resume_at is not None and instance.resume_at.year > 9000


def _of_error(error: "dict[str, Any] | None") -> str | None:
    return f"{error['code']}: {error['message']}" if error else None
