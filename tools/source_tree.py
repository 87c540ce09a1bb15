"""Reading the source as trees and imports, for the rules in architecture.py."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

HTTP_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "route", "api_route"}


def files_of(package: Path) -> list[Path]:
    """Every Python file below the package, in order."""
    return sorted(path for path in package.rglob("*.py") if "__pycache__" not in path.parts)


def trees_of(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every file with its tree."""
    for path in files_of(package):
        yield path, tree_of(path)


def tree_of(path: Path) -> ast.Module:
    """The tree of one file."""
    return parsed(path.read_text())


@lru_cache(maxsize=2000)
def parsed(text: str) -> ast.Module:
    """The tree of a text; the same text is parsed once."""
    return ast.parse(text)


def name_of(package: Path, path: Path) -> str:
    """The file's path below the package, with slashes."""
    return path.relative_to(package).as_posix()


def modules_of(package: Path) -> list[Path]:
    """The folders of the features."""
    folder = package / "modules"
    return sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob("*.py")))


def known_files(package: Path) -> set[str]:
    """The file names that core/module.py looks for."""
    for node in ast.walk(tree_of(package / "core" / "module.py")):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FILES":
            return {leaf.value for leaf in ast.walk(node.value) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}
    raise LookupError("core/module.py names no FILES")


def declared(folder: Path, keyword: str) -> list[str]:
    """What a feature's declaration lists under `requires` or `own`."""
    declaration = folder / "module.py"
    if not declaration.exists():
        return []
    for call in calls_in(tree_of(declaration), {"Module"}):
        for given in call.keywords:
            if given.arg == keyword:
                return [str(item) for item in ast.literal_eval(given.value)]
    return []


def imports_of(package: Path, folder: Path) -> Iterator[tuple[Path, int, list[str]]]:
    """Each imported name as parts below `mainspring`, or as it stands when it comes from elsewhere."""
    for path in files_of(folder):
        here = [*path.relative_to(package).parts[:-1]]
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield path, node.lineno, alias.name.removeprefix("mainspring.").split(".")
            elif isinstance(node, ast.ImportFrom):
                base = (node.module or "").removeprefix("mainspring.").split(".") if node.module else []
                if node.level:
                    base = here[: len(here) - node.level + 1] + base
                shallow = len(base) < 3 and base[:1] == ["modules"]
                for alias in node.names if shallow else node.names[:1]:
                    yield path, node.lineno, [*base, alias.name] if shallow else base


def calls_in(tree: ast.AST, names: set[str]) -> list[ast.Call]:
    """Every call of a function or method with one of these names."""

    def called(function: ast.expr) -> str:
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")

    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node.func) in names]


def task_groups(tree: ast.AST) -> set[str]:
    """Names bound by `async with TaskGroup() as name`, or annotated as a TaskGroup."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and node.optional_vars and "TaskGroup" in ast.unparse(node.context_expr):
            found.add(ast.unparse(node.optional_vars))
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation and "TaskGroup" in ast.unparse(node.annotation):
            found.add(node.arg if isinstance(node, ast.arg) else ast.unparse(node.target))
    return found


def is_route(decorator: ast.expr) -> bool:
    """Whether a decorator declares a route: `@router.get(...)` and the like."""

    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return False
    return decorator.func.attr in HTTP_METHODS and "router" in ast.unparse(decorator.func.value).lower()


def undocumented(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes and functions without a docstring; overloads, overrides and setters need none."""

    def visit(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            implied = decorators & {"overload", "override"} or any(text.endswith((".setter", ".deleter")) for text in decorators)
            if not ast.get_docstring(node) and not implied:
                yield node
            if isinstance(node, ast.ClassDef):
                yield from visit(node.body)

    return visit(tree.body)
