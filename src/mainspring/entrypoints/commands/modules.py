"""`mainspring modules [NAME]`."""

import inspect
from typing import TYPE_CHECKING, Annotated

import typer

from mainspring.core.console import say, table

if TYPE_CHECKING:
    from mainspring.core.module import Module


def modules(name: Annotated[str | None, typer.Argument(help="Show everything found in this module.")] = None) -> None:
    """List the installed modules, or everything found in one of them."""
    from mainspring.core.module import BootRefused, discover

    found = discover()
    if name is None:
        table(
            ("MODULE", "VERSION", "PACKAGE", "REQUIRES", "FILES"),
            [(m.name, str(m.version), m.package, ", ".join(m.requires) or "-", " ".join(_files(m))) for m in found],
        )
        return
    by_name = {module.name: module for module in found}
    if name not in by_name:
        raise BootRefused(f"There is no module {name}. Installed are: {', '.join(by_name)}.")
    _show(by_name[name])


def _show(module: "Module") -> None:
    say(f"{module.name} {module.version}, package {module.package}, requires {', '.join(module.requires) or 'nothing'}")
    for port, path in module.provides.items():
        say(f"  provides {port.__name__} by {path}")
    for name in _files(module):
        file = module.file(name)
        document = (inspect.getdoc(file) or "").partition("\n")[0]
        say(f"  {name:<12} {document}")
        for item in _contents(name, file):
            say(f"  {'':<12}   {item}")


def _files(module: "Module") -> list[str]:
    return [name for name in module.files() if name != "module"]


def _contents(name: str, file: object) -> list[str]:
    """What a file declares, one line each: routes, tables, permissions, events, settings, errors."""
    if name == "routes":
        routes = getattr(getattr(file, "router", None), "routes", [])
        return [f"{' '.join(sorted(route.methods))} {route.path}" for route in routes if hasattr(route, "methods")]
    own = [value for value in vars(file).values() if getattr(value, "__module__", None) == getattr(file, "__name__", "")]
    if name == "models":
        return [f"table {value.__tablename__}" for value in own if isinstance(value, type) and hasattr(value, "__tablename__")]
    if name == "permissions":
        from mainspring.core.security.permission import Permission

        return [f"{value}: {value.description}" for value in vars(file).values() if isinstance(value, Permission)]
    if name == "settings":
        settings = getattr(file, "Settings", None)
        return list(getattr(settings, "model_fields", {}))
    if name in ("events", "errors", "ports"):
        return [value.__name__ for value in own if isinstance(value, type)]
    return []
