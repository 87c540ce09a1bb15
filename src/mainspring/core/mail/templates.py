"""The words of mail: `<module>/templates/<name>.txt` with a subject, and beside it `<name>.html` (R-285, R-333).

A file of the same name below TEMPLATES_DIR takes the place of a shipped one: `TEMPLATES_DIR/orders/receipt.html`,
`TEMPLATES_DIR/layout.html`. Whatever a template asks for and nobody gave is an error, never an empty spot.
"""

import importlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..module import Module
from . import filters
from .message import one_line

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment, Template

FOLDER = "templates"
SHIPPED = Path(__file__).with_name("layouts")
BLANK_LINES = re.compile(r"\n{3,}")


class TemplateMissing(LookupError):
    """No module and no folder has a template of this name."""


class TemplateBroken(Exception):
    """The template cannot be read, or asks for something that nobody gave."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a template became: subject and text, and HTML when it has any."""

    subject: str
    text: str
    html: str | None


class Templates:
    """Every template of the modules, those of the application first. `common` is known to all of them."""

    def __init__(
        self, modules: Iterable[Module], common: Mapping[str, Any], folder: Path | None = None, *, reload: bool = False
    ) -> None:
        self.folders = {module.name: found for module in modules if (found := _folder_of(module)) is not None}
        self.environment = _environment(self.folders, folder, reload=reload)
        self.environment.globals.update(common)

    def names(self) -> list[str]:
        """Every shipped template, as `<module>/<name>`."""
        return sorted(f"{module}/{path.stem}" for module, folder in self.folders.items() for path in folder.glob("*.txt"))

    def check(self, name: str) -> None:
        """Raise TemplateMissing unless there is such a template."""
        if "/" not in name or self._found(f"{name}.txt") is None:
            raise TemplateMissing(f"There is no template {name!r}; templates are named <module>/<name>.")

    def render(self, name: str, values: Mapping[str, Any]) -> Words:
        """The template `<module>/<name>` with these values. Raises TemplateMissing and TemplateBroken."""
        from jinja2 import TemplateError

        self.check(name)
        try:
            return self._words(name, values)
        except (TemplateError, TypeError, ValueError, KeyError) as fault:
            raise TemplateBroken(f"The template {name} cannot be rendered: {fault}") from fault

    def page(self, name: str, values: Mapping[str, Any]) -> str:
        """The page or style sheet `<module>/<file>`, which no mail is made of. Raises TemplateMissing and TemplateBroken."""
        from jinja2 import TemplateError

        found = self._found(name)
        if found is None:
            raise TemplateMissing(f"There is no template {name!r}.")
        try:
            return found.render(values)
        except (TemplateError, TypeError, ValueError, KeyError) as fault:
            raise TemplateBroken(f"The template {name} cannot be rendered: {fault}") from fault

    def sample(self, name: str) -> dict[str, Any]:
        """The sample values that lie beside a shipped template as `<name>.json`. Raises TemplateMissing without them."""
        module, _, file = name.partition("/")
        path = self.folders.get(module, SHIPPED) / f"{file}.json"
        if not path.exists():
            raise TemplateMissing(f"The template {name} has no sample values in {file}.json.")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def _words(self, name: str, values: Mapping[str, Any]) -> Words:
        plain = self.environment.get_template(f"{name}.txt")
        subject = plain.blocks.get("subject")
        if subject is None:
            raise ValueError("it has no block `subject`")
        rich = self._found(f"{name}.html")
        return Words(
            one_line("".join(subject(plain.new_context(dict(values))))),
            f"{BLANK_LINES.sub(chr(10) * 2, plain.render(values)).strip()}\n",
            rich.render(values).strip() if rich else None,
        )

    def _found(self, name: str) -> "Template | None":
        try:
            return self.environment.get_template(name)
        except LookupError as missing:  # jinja2's TemplateNotFound is one; it names another file when a parent is missing
            if str(missing) != name:
                raise
            return None


def _folder_of(module: Module) -> Path | None:
    for place in importlib.import_module(module.package).__path__:
        if (folder := Path(place) / FOLDER).is_dir():
            return folder
    return None


def _environment(shipped: Mapping[str, Path], own: Path | None, *, reload: bool) -> "Environment":
    """Strict, and in a sandbox: a template reaches the values that it is given and nothing behind them."""
    # imported here: it takes 40 ms, and most commands write no mail
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    loaders: list[BaseLoader] = [FileSystemLoader(own)] if own else []
    loaders.append(PrefixLoader({name: FileSystemLoader(folder) for name, folder in shipped.items()}))
    loaders.append(FileSystemLoader(SHIPPED))
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=reload,
    )
    environment.filters.update(filters.ALL)
    return environment
