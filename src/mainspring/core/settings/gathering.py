"""Where values come from: the process environment first, then `.env.local`, `.env.<APP_ENV>`, `.env` (R-205)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Given:
    """A value somebody gave: its text, where it stands, and the name it was given under."""

    text: str
    source: str
    name: str

    def as_(self, text: str) -> "Given":
        """The same origin with another text."""
        return replace(self, text=text)


def gather(environ: Mapping[str, str], directory: Path) -> dict[str, Given]:
    """Every given name with its strongest value. An empty value hides weaker ones and counts as not given.

    Raises ValueError, as a sentence, when a file cannot be read.
    """
    layers = [{name: Given(text, ENVIRONMENT, name) for name, text in environ.items()}]
    layers.append(_file(directory / ".env.local"))
    shared = _file(directory / ".env")
    stage = next(
        (
            layer[name].text
            for layer in (*layers, shared)
            for name in ("APP_ENV", "NODE_ENV")
            if name in layer and layer[name].text
        ),
        "development",
    )
    if stage.isalnum():  # never a path
        layers.append(_file(directory / f".env.{stage}"))
    layers.append(shared)
    given: dict[str, Given] = {}
    for layer in reversed(layers):
        given.update(layer)
    return {name: value for name, value in given.items() if value.text.strip()}


def _file(path: Path) -> dict[str, Given]:
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # most starts have no file and save the import

    try:
        values = dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"{path.name} cannot be read: {problem}.") from None
    return {name: Given(text or "", path.name, name) for name, text in values.items()}
