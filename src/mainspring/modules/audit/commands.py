"""`mainspring audit ...`: checking, exporting and keeping the trail, by whoever runs the installation."""

import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer

from mainspring.core import clock
from mainspring.core.application import Application
from mainspring.core.audit import AuditRecord
from mainspring.core.audit.exporting import Exporter
from mainspring.core.audit.findings import Verdict, chain_of, name_of
from mainspring.core.audit.pruning import Pruner
from mainspring.core.audit.renewing import renew_beginnings
from mainspring.core.audit.seals import Seals
from mainspring.core.audit.statements import HEADS, Head
from mainspring.core.audit.verifying import Verifier
from mainspring.core.console import note, progress, say, table, warn, with_application
from mainspring.core.database import Database
from mainspring.core.module import BootRefused
from mainspring.core.security.keys import read_public_keys

cli = typer.Typer(name="audit", help="The audit trail: verify, head, export, prune, sign.", no_args_is_help=True)

DatabaseName = Annotated[str, typer.Option("--database", help="Which database, where there are several.")]
Anchor = Annotated[
    str | None, typer.Option(help="A head that was kept elsewhere: SEQ:HASH, or a file with what `audit head` printed.")
]
KeyFiles = Annotated[list[Path] | None, typer.Option("--key", help="A public key that signed once (PEM). May be repeated.")]
ChainName = Annotated[str | None, typer.Option("--chain", help="One chain only: main, or the id of a tenant.")]
From = Annotated[str | None, typer.Option("--from", help="The earliest moment, such as 2026-07-01 or 2026-07-01T12:00:00Z.")]
To = Annotated[str | None, typer.Option("--to", help="The moment after the latest.")]
Before = Annotated[str, typer.Option("--before", help="Rows that are older are removed.")]
Format = Annotated[Literal["jsonl"], typer.Option("--format", help="JSON, one row a line.")]


@cli.command()
def verify(anchor: Anchor = None, key: KeyFiles = None, chain: ChainName = None, database: DatabaseName = "default") -> None:
    """Check every row, link and checkpoint. Ends with 1 and names the first row of a chain that is not as it was written."""
    anchors = _anchors(anchor)
    keys = [one for path in key or [] for one in read_public_keys(_text_of(path), str(path))]
    only = None if chain is None else _chain(chain)

    async def deed(application: Application) -> tuple[Sequence[Verdict], int]:
        seals = application.resolve(Seals)
        seals.know(keys)
        verifier = Verifier(
            _database(application, database), seals, anchors=anchors, progress=lambda done, total: progress("rows", done, total)
        )
        chains = await verifier.chains() if only is None else [only]
        return [await verifier.check(one) for one in chains], await verifier.waiting()

    verdicts, waiting = with_application(deed)
    for verdict in verdicts:
        _say_verdict(verdict)
    if waiting:
        note(f"{waiting} rows wait for their place.")
    if not all(verdict.is_whole for verdict in verdicts):
        raise typer.Exit(1)


@cli.command()
def head(database: DatabaseName = "default") -> None:
    """Print the head of each chain: keep it where nobody who can write to the database can, and give it to `verify --anchor`."""

    async def deed(application: Application) -> list[Head]:
        async with _database(application, database).reading() as uow:
            return await uow.all(HEADS)

    heads = with_application(deed)
    table(("CHAIN", "SEQ", "HASH"), [(name_of(one.id), str(one.seq), one.hash.hex()) for one in heads])


@cli.command()
def export(
    since: From = None, until: To = None, format: Format = "jsonl", chain: ChainName = None, database: DatabaseName = "default"
) -> None:
    """Write the rows of a time as lines that anybody can check. That it was done stands in the trail."""
    first = _moment(since, "--from") if since else datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
    last = _moment(until, "--to") if until else clock.now()
    only = None if chain is None else _chain(chain)

    async def deed(application: Application) -> int:
        chosen = _database(application, database)
        count = await _write_lines(Exporter(chosen, application.resolve(Seals)).lines(first, last, only))
        told = {"from": since, "to": last.isoformat(), "rows": count, "format": format}
        async with chosen.unit() as uow:
            uow.audit(AuditRecord("EXPORT", "audit", chain, told))
        return count

    with_application(deed)


@cli.command()
def prune(before: Before, database: DatabaseName = "default") -> None:
    """Remove old rows. The chain begins behind them, at a signed place, and can still be checked."""
    moment = _moment(before, "--before")

    async def deed(application: Application) -> int:
        return await Pruner(_database(application, database), application.resolve(Seals)).prune(moment)

    say(f"{with_application(deed)} rows removed.")


@cli.command()
def sign(database: DatabaseName = "default") -> None:
    """Sign the beginnings of chains with today's key, after the key that signed them was lost. Verify with an anchor first."""

    async def deed(application: Application) -> int:
        return await renew_beginnings(_database(application, database), application.resolve(Seals), lost=True)

    say(f"{with_application(deed)} beginnings signed.")


def _say_verdict(verdict: Verdict) -> None:
    name = name_of(verdict.chain)
    for finding in verdict.findings:
        warn(f"{name}: {finding.sentence}")
    for told in verdict.notes:
        note(f"{name}: {told}")
    if verdict.is_whole:
        rows = f"rows {verdict.first + 1} to {verdict.last}" if verdict.last > verdict.first else "no rows"
        say(f"{name}: whole, {rows}, signed up to {verdict.signed_seq}, head {verdict.hash.hex()}")


async def _write_lines(lines: AsyncIterator[bytes]) -> int:
    count = 0
    async for line in lines:
        sys.stdout.buffer.write(line + b"\n")
        count += 1
    sys.stdout.buffer.flush()
    return count


def _database(application: Application, name: str) -> Database:
    found = application.databases.get(name)
    if found is None:
        raise BootRefused(f"There is no database {name}. There are {', '.join(sorted(application.databases))}.")
    return found


def _anchors(given: str | None) -> dict[UUID, tuple[int, bytes]]:
    """Raises BadParameter."""
    if given is None:
        return {}
    seq, colon, hash = given.partition(":")
    lines = (
        [("main", seq, hash)] if colon and seq.isdigit() else [tuple(line.split()) for line in _text_of(Path(given)).splitlines()]
    )
    try:
        return {chain_of(chain): (int(place), bytes.fromhex(digits)) for chain, place, digits in lines if chain != "CHAIN"}
    except ValueError:
        raise typer.BadParameter(
            "An anchor is SEQ:HASH, or a file with lines as `audit head` prints.", param_hint="--anchor"
        ) from None


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as problem:
        raise BootRefused(f"{path} cannot be read: {problem.strerror}.") from None


def _chain(name: str) -> UUID:
    try:
        return chain_of(name)
    except ValueError:
        raise typer.BadParameter("A chain is main, or the id of a tenant.", param_hint="--chain") from None


def _moment(text: str, option: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("A moment looks like 2026-07-01 or 2026-07-01T12:00:00Z.", param_hint=option) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
