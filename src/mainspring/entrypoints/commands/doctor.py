"""`mainspring doctor`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mainspring.core.console import coloured, note, say

if TYPE_CHECKING:
    from mainspring.core.doctor import Finding


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Tell what is unsafe, missing or not running, each with its cure; exit code 1 when something is wrong."""
    import asyncio
    import logging
    from pathlib import Path

    from mainspring.core.doctor.examining import examine

    logging.disable(logging.CRITICAL)  # what would be logged is told, and only once
    try:
        groups = asyncio.run(examine(Path.cwd()))
    finally:
        logging.disable(logging.NOTSET)
    if as_json:
        _say_json(groups)
    else:
        _say(groups)
    if any(finding.severity == "wrong" for found in groups.values() for finding in found):
        raise typer.Exit(1)


def _say(groups: "dict[str, list[Finding]]") -> None:
    for group, found in groups.items():
        for finding in found:
            mark = coloured("wrong", "bad") if finding.severity == "wrong" else coloured("advice", "dim")
            say(f"{group}: {mark}: {finding.sentence} Cure: {finding.cure}")
    if not any(groups.values()):
        note("Nothing is wrong.")


def _say_json(groups: "dict[str, list[Finding]]") -> None:
    import json

    found = [
        {"group": group, "severity": one.severity, "sentence": one.sentence, "cure": one.cure}
        for group, findings in groups.items()
        for one in findings
    ]
    say(json.dumps({"ok": not any(one["severity"] == "wrong" for one in found), "findings": found}, indent=2))
