"""`mainspring cache stats|clear`: what is kept of answers, and letting go of it."""

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer

from mainspring.core.console import note, say, table, warn, with_application

if TYPE_CHECKING:
    from mainspring.core.application import Application

app = typer.Typer(name="cache", help="Answers that are kept: how often they served, letting go of them.", no_args_is_help=True)

Tags = Annotated[list[str] | None, typer.Option("--tag", help="What carries this tag, or a function's name. May be repeated.")]
Keys = Annotated[list[str] | None, typer.Option("--key", help="What lies under this key. May be repeated.")]
Pattern = Annotated[str | None, typer.Option(help="Every key that fits, such as 'catalog.*'.")]
All = Annotated[bool, typer.Option("--all", help="Everything.")]


@app.command()
def stats() -> None:
    """Show by name how often kept answers served since the server started, on this machine."""
    from mainspring.core.observability.metrics import reading
    from mainspring.core.settings import load_settings

    kinds = ("hits", "misses", "loads", "errors")
    counts: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys((*kinds, "seconds"), 0.0))
    for key, values in reading.figures(load_settings().data_dir / reading.FOLDER).items():
        name = dict(key.labels).get("cache", "")
        for kind in kinds:
            if key.name == f"mainspring_cache_{kind}_total":
                counts[name][kind] += values[0]
        if key.name == "mainspring_cache_load_seconds":
            counts[name]["seconds"] += values[0]
    rows = []
    for name, count in sorted(counts.items()):
        asked = count["hits"] + count["misses"]
        share = f"{count['hits'] / asked:.1%}" if asked else "-"
        mean = f"{1000 * count['seconds'] / count['loads']:.1f}ms" if count["loads"] else "-"
        rows.append((name, *(f"{count[kind]:.0f}" for kind in kinds), share, mean))
    table(("NAME", "HITS", "MISSES", "LOADS", "ERRORS", "SHARE", "MEAN LOAD"), rows)
    if not rows:
        note("Nothing was asked of the cache yet.")


@app.command()
def clear(tag: Tags = None, key: Keys = None, pattern: Pattern = None, every: All = False) -> None:
    """Let go of answers in every process, here and, with Redis, on every machine."""
    if not (tag or key or pattern or every):
        raise typer.BadParameter("Give --tag, --key, --pattern or --all.")

    async def deed(application: "Application") -> bool:
        from mainspring.core.cache import Cache

        cache = application.resolve(Cache)
        cache.invalidate(*(tag or ()), *(("*",) if every else ()))
        await cache.delete(*(key or ()))
        if pattern:
            await cache.invalidate_pattern(pattern)
        await cache.news.told()
        return cache.news.has_told_all

    if not with_application(deed):
        warn("Nobody could be told: Redis, or runtime.db in DATA_DIR, does not answer. What is kept leaves with its time.")
        raise typer.Exit(1)
    say("Let go of.")
