"""`mainspring handoff`: what a front-end team needs, in one folder."""

from pathlib import Path
from typing import Annotated

import typer

from mainspring.core.console import note

Folder = Annotated[Path, typer.Argument(help="Where to write; made when it is not there.", file_okay=False)]


def handoff(folder: Folder) -> None:
    """Write api.md, openapi.json, openapi.yaml and client.ts for front-end teams."""
    import asyncio

    import orjson

    from mainspring.core.application import create_application
    from mainspring.core.http.yaml import to_yaml
    from mainspring.core.observability import configure_logs
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.contract.executing import executed_examples
    from mainspring.entrypoints.contract.handbook import handbook_of
    from mainspring.entrypoints.contract.typescript import client_of
    from mainspring.entrypoints.http import create_app

    settings = load_settings(make_secrets=False)
    configure_logs(settings.model_copy(update={"log_level": "error"}), 2)
    document = create_app(create_application(settings)).openapi()
    examples = asyncio.run(executed_examples(document))
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "api.md": handbook_of(document, examples),
        "openapi.json": orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n",
        "openapi.yaml": to_yaml(document),
        "client.ts": client_of(document),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
        note(f"{folder / name} is written.")
    note(f"{len(examples)} examples were executed.")
