"""`mainspring openapi`."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.core.console import note, say, warn

Yaml = Annotated[bool, typer.Option("--yaml", help="As YAML instead of JSON.")]
Against = Annotated[
    Path | None,
    typer.Option("--against", help="Compare with this released document; 1 when clients of it break.", dir_okay=False),
]
Write = Annotated[Path | None, typer.Option("--write", help="Write the document to this file.", dir_okay=False)]


def openapi(yaml: Yaml = False, against: Against = None, write: Write = None) -> None:
    """Print the OpenAPI document, write it, or compare it with a released one."""
    import orjson

    from mainspring.core.application import create_application
    from mainspring.core.http.yaml import to_yaml
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.contract.breaking import breaks
    from mainspring.entrypoints.http import create_app

    document = create_app(create_application(load_settings(make_secrets=False))).openapi()
    if against is not None:
        try:
            released = orjson.loads(against.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError) as problem:
            warn(f"{against} cannot be read as a released document: {problem}")
            raise typer.Exit(1) from None
        found = breaks(released, document)
        for sentence in found:
            say(sentence)
        if found:
            warn(f"{len(found)} changes break clients of {against}.")
            raise typer.Exit(1)
        note(f"Clients of {against} go on working.")
    text = to_yaml(document) if yaml else orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"
    if write is not None:
        write.parent.mkdir(parents=True, exist_ok=True)
        write.write_text(text, encoding="utf-8")
        note(f"{write} is written.")
    elif against is None:
        say(text.rstrip("\n"))
