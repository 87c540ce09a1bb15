"""`mainspring serve`."""

import os
from typing import Annotated

import typer

from mainspring.core.console import say


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; by default HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; by default PORT or 8000.")] = None,
    workers: Annotated[
        str | None, typer.Option(help="Server processes, or auto for one per core; by default WORKERS or 1.")
    ] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start again whenever a source file changes.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Prepare everything as a start does (it migrates), and end.")] = False,
) -> None:
    """Run the web server. The first start makes keys and secrets and creates the embedded database."""
    given = {"HOST": host, "PORT": port, "WORKERS": workers}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    if reload:
        from mainspring.entrypoints.serving.reloading import serve_and_reload

        raise typer.Exit(serve_and_reload())
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints import serving

    if check:
        serving.check(load_settings())
        say("Ready to serve.")
        return
    raise typer.Exit(serving.serve(load_settings()))
