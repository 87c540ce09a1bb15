"""`mainspring keys list|rotate|retire`: the keys that sign access tokens."""

from typing import TYPE_CHECKING, Annotated

import typer

from mainspring.core.console import coloured, say, table, with_application

if TYPE_CHECKING:
    from datetime import datetime

    from mainspring.core.application import Application

app = typer.Typer(name="keys", help="Keys that sign access tokens: list, rotate, retire.", no_args_is_help=True)

COLOURS = {"signs": "good", "ended": "dim", "leaked": "bad"}
BY_SETTING = """The keys are those of JWT_PRIVATE_KEY and JWT_PUBLIC_KEY. Change them in three starts:
1. Make a key (openssl genrsa 3072), and add its public half (openssl rsa -pubout) to JWT_PUBLIC_KEY behind the one of now.
2. Ten minutes later give the new private key as JWT_PRIVATE_KEY. Keep both public halves in JWT_PUBLIC_KEY.
3. After an hour take the old public half out of JWT_PUBLIC_KEY, and add it to AUDIT__PUBLIC_KEYS, which opens old checkpoints.
To have this done by the program, leave both settings out and set JWT_KEY_LIFETIME=90d."""

KeyId = Annotated[str, typer.Argument(help="The id of the key, as `keys list` shows it.")]
AtOnce = Annotated[bool, typer.Option("--now", help="Sign with it at once; others may not know it for five minutes.")]
Leaked = Annotated[bool, typer.Option("--leaked", help="Somebody else may have it: do not believe its checkpoints either.")]


@app.command("list")
def list_keys() -> None:
    """Show the keys, the newest first, and what each does now."""

    async def deed(application: "Application") -> list[tuple[str, ...]]:
        from mainspring.core import clock
        from mainspring.core.security.tokens import AccessTokens
        from mainspring.core.token_keys.keeper import TokenKeyKeeper
        from mainspring.core.token_keys.plan import Plan

        if application.settings.jwt_private_key is not None:
            ring = application.resolve(AccessTokens).keys
            given = [(key["kid"], key["alg"]) for key in ring.jwks()["keys"]]
            return [(id, alg, coloured(*_told("signs" if id == ring.signing_id else "verifies")), "-", "-") for id, alg in given]
        plan = Plan(await application.resolve(TokenKeyKeeper).store.keys(), clock.now())
        return [
            (
                key.key_id,
                key.algorithm,
                coloured(*_told("leaked" if key.leaked else plan.state(key))),
                _time(key.signs_from),
                _time(key.ended_at or plan.until(key)),
            )
            for key in plan.keys
        ]

    table(("ID", "ALGORITHM", "STATE", "SIGNS FROM", "VERIFIES UNTIL"), with_application(deed))


@app.command()
def rotate(now: AtOnce = False) -> None:
    """Make the next key. It is published at once, and signs five and a half minutes later; tokens of the one before stay good."""

    async def deed(application: "Application") -> None:
        from mainspring.core.token_keys.keeper import TokenKeyKeeper

        _refuse_given(application)
        rotation = await application.resolve(TokenKeyKeeper).store.rotate(at_once=now)
        known = "" if rotation.is_new else ", and was there already"
        say(f"{rotation.key.key_id} signs from {_time(rotation.key.signs_from)} on{known}.")

    with_application(deed)


# An id may begin with a dash, and then hold an h: this command knows no short option, not even that of its help.
@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
def retire(id: KeyId, leaked: Leaked = False) -> None:
    """End a key at once: within seconds its tokens are refused everywhere, and people refresh theirs."""

    async def deed(application: "Application") -> None:
        from mainspring.core.token_keys.keeper import TokenKeyKeeper

        _refuse_given(application)
        successor = await application.resolve(TokenKeyKeeper).store.retire(id, leaked=leaked)
        say(f"{id} has ended.")
        if successor is not None:
            say(f"{successor.key_id} signs in its place.")

    with_application(deed)


def _refuse_given(application: "Application") -> None:
    from mainspring.core.module import BootRefused

    if application.settings.jwt_private_key is not None:
        raise BootRefused(BY_SETTING)


def _told(state: str) -> tuple[str, str]:
    return state, COLOURS.get(state, "bold")


def _time(moment: "datetime | None") -> str:
    return "-" if moment is None else moment.isoformat(timespec="seconds")
