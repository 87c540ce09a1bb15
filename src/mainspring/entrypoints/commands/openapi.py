"""`mainspring openapi`."""

from typing import Annotated, Any

import typer

from mainspring.core.console import say


def openapi(yaml: Annotated[bool, typer.Option("--yaml", help="As YAML instead of JSON.")] = False) -> None:
    """Print the OpenAPI document."""
    import orjson

    from mainspring.core.application import create_application
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.http import create_app

    document = create_app(create_application(load_settings(make_secrets=False))).api.openapi()
    say("\n".join(yaml_lines(document)) if yaml else orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def yaml_lines(value: Any, indent: str = "") -> list[str]:
    """A JSON value as YAML 1.2, block style, every text in double quotes where it could be read as something else."""
    if isinstance(value, dict) and value:
        return [line for key, item in value.items() for line in _entry(f"{indent}{_scalar(key)}:", item, indent + "  ")]
    if isinstance(value, list) and value:
        return [line for item in value for line in _entry(f"{indent}-", item, indent + "  ")]
    return [f"{indent}{_scalar(value)}"]


def _entry(head: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, dict | list) and value:
        return [head, *yaml_lines(value, indent)]
    return [f"{head} {_scalar(value)}"]


def _scalar(value: Any) -> str:
    import orjson

    if isinstance(value, str) and value.replace("_", "").isalpha() and value.lower() not in YAML_WORDS:
        return value
    return orjson.dumps(value).decode()


YAML_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
