"""`mainspring settings`."""

from typing import Annotated

import typer

from mainspring.core.console import say, table


def settings(example: Annotated[bool, typer.Option("--example", help="Print an .env.example with every name.")] = False) -> None:
    """List every setting with its value and where it came from. Secrets are hidden."""
    if example:
        from mainspring.core.module import discover
        from mainspring.core.settings.example import example as text

        say(text(discover()).rstrip())
        return
    from mainspring.core.settings import load_settings

    shown = load_settings(make_secrets=False).sources()
    table(("NAME", "VALUE", "SOURCE"), [(line.name, line.value or "-", line.source) for line in shown])
