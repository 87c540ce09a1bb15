"""`mainspring secrets rotate|retire`: SESSION_SECRET and ENCRYPTION_KEY, the new one in front, the old one still read."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mainspring.core.console import say, warn, with_application

if TYPE_CHECKING:
    from mainspring.core.application import Application
    from mainspring.core.settings import Settings

app = typer.Typer(name="secrets", help="SESSION_SECRET and ENCRYPTION_KEY: rotate, retire.", no_args_is_help=True)

NAMES = ("SESSION_SECRET", "ENCRYPTION_KEY")
Which = Annotated[Literal["session", "encryption", "both"], typer.Option(help="Which of the two.")]
Reseal = Annotated[bool, typer.Option("--reseal", help="Make none: seal anew, under the first key, what older ones sealed.")]


@app.command()
def rotate(which: Which = "both", reseal: Reseal = False) -> None:
    """Make new secrets. Those in DATA_DIR are put in front there; for others it is told what to set."""
    if reseal:
        _reseal()
        return
    from mainspring.core.settings import load_settings
    from mainspring.core.settings.secrets import fresh_secret, put_in_front

    settings = load_settings(make_secrets=False)
    for name in _chosen(which):
        if _is_made(settings, name):
            count = put_in_front(settings.data_dir, name.lower())
            say(f"{name}: a new one is first of {count} in DATA_DIR/keys/{name.lower()}.")
        else:
            say(f"{name}: set it to this, a comma, and the value of before: {fresh_secret().decode()}")
    say("Restart every server and worker, so that all know the new ones. Old links, cursors and fields are still read.")
    if which != "session":
        say("Then run mainspring secrets rotate --reseal.")


@app.command()
def retire(which: Which = "both") -> None:
    """Remove the older secrets from DATA_DIR; refused while anything is sealed with one."""
    from mainspring.core.settings import load_settings
    from mainspring.core.settings.secrets import keep_first

    settings = load_settings(make_secrets=False)
    if which != "session" and with_application(_outdated):
        warn("Something is sealed with an older ENCRYPTION_KEY. Run mainspring secrets rotate --reseal first.")
        raise typer.Exit(1)
    for name in _chosen(which):
        if _is_made(settings, name):
            say(f"{name}: {keep_first(settings.data_dir, name.lower())} older ones removed.")
        else:
            say(f"{name}: take everything behind the first comma out of it.")
    say("Restart every server and worker.")


def _reseal() -> None:
    from mainspring.core.security.resealing import Resealed, resealings

    async def deed(application: "Application") -> list[Resealed]:
        return [await one.run() for one in resealings(application)]

    done = with_application(deed)
    for column in done:
        say(f"{column.name}: {column.renewed} sealed anew")
        if column.unreadable:
            warn(f"{column.name}: no ENCRYPTION_KEY that is set opens {column.unreadable} rows.")
    if any(column.unreadable for column in done) or with_application(_outdated):
        warn("Older keys must stay: something is still sealed with one.")
        raise typer.Exit(1)
    say("Nothing is sealed with an older ENCRYPTION_KEY: it may go. mainspring secrets retire does it.")


async def _outdated(application: "Application") -> int:
    from mainspring.core.security.resealing import resealings

    return sum([await one.outdated() for one in resealings(application)])


def _chosen(which: str) -> list[str]:
    return [name for name in NAMES if which == "both" or name.lower().startswith(which)]


def _is_made(settings: "Settings", name: str) -> bool:
    from mainspring.core.settings.loading import MADE_HERE

    return next(line.source for line in settings.sources() if line.name == name) == MADE_HERE
