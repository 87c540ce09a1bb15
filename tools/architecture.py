"""The rules of the floor plan that import-linter cannot express. Each takes the folder of the package and answers complaints."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

Rule = Callable[[Path], list[str]]

MAX_LINES = 300
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "shared", "tools"}
PUBLIC_FILES = {"service", "schemas", "rows", "events", "permissions", "ports", "errors"}
TRANSPORTS = {"routes", "graphql", "grpc", "channels", "admin", "jobs", "subscribers", "commands", "seeds"}
ABOVE_OWN_FILES = {"module", "workflows", "service"} | TRANSPORTS
BELOW_OWN_FILES = {"repository", "models", "rows", "schemas", "events", "permissions", "ports", "settings", "errors"}
SQL_FILES = {"repository", "models", "migrations"}
HTTP_METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "route", "api_route"}
SPAWNERS = {"create_task", "ensure_future", "run_coroutine_threadsafe"}
LEFT_TO_DO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def files_are_short(package: Path) -> list[str]:
    """A file has at most 300 lines; past that it becomes a folder with one file per deed."""
    lengths = ((path, len(path.read_text().splitlines())) for path in _files(package))
    return [f"{_name(package, path)} has {length} lines" for path, length in lengths if length > MAX_LINES]


def names_say_what_they_hold(package: Path) -> list[str]:
    """No file or folder is called utils, common, helpers or misc."""
    found = {part for path in _files(package) for part in path.relative_to(package).with_suffix("").parts}
    return [f"{name} names nothing: name the concept" for name in sorted(found & FORBIDDEN_NAMES)]


def module_files_are_known(package: Path) -> list[str]:
    """A feature has only the files that every process looks for, and those that it declares as its own."""
    known = _known_files(package)
    complaints = []
    for folder in _modules(package):
        if not (folder / "module.py").exists():
            complaints.append(f"modules/{folder.name} has no module.py")
        allowed = known | set(_declared(folder, "own"))
        names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
        complaints += [
            f"modules/{folder.name}/{name} is no known file" for name in sorted(names - allowed) if name[0] not in "_."
        ]
    return complaints


def neighbours_meet_at_public_files(package: Path) -> list[str]:
    """A feature imports another one only through its public files, and only when it requires it."""
    complaints = []
    for folder in _modules(package):
        required = {name.partition(">=")[0].strip() for name in _declared(folder, "requires")}
        for path, line, target in _imports(package, folder):
            if target[:1] != ["modules"] or len(target) < 2 or target[1] == folder.name:
                continue
            where = f"{_name(package, path)}:{line} imports {'.'.join(target)}"
            if target[1] not in required:
                complaints.append(f"{where}, which modules/{folder.name} does not require")
            allowed = PUBLIC_FILES | ({"graphql"} if path.stem == "graphql" else set())
            if len(target) < 3 or target[2] not in allowed:
                complaints.append(f"{where}, which is not public")
    return complaints


def own_files_lie_below_the_service(package: Path) -> list[str]:
    """A file of a module's own is imported by its service or above, never by what lies below."""
    complaints = []
    for folder in _modules(package):
        own = set(_declared(folder, "own"))
        for path, line, target in _imports(package, folder):
            if target[:2] != ["modules", folder.name] or len(target) < 3:
                continue
            importer = path.relative_to(folder).with_suffix("").parts[0]
            upwards = importer in own and target[2] in ABOVE_OWN_FILES
            if upwards or (importer in BELOW_OWN_FILES and target[2] in own):
                complaints.append(f"{_name(package, path)}:{line} imports {target[2]} upwards")
    return complaints


def tasks_belong_to_a_group(package: Path) -> list[str]:
    """No exception is lost (R-129): a task is started in a TaskGroup, or by core/tasks.py, which watches it."""
    complaints = []
    for path, tree in _trees(package):
        if _name(package, path) == "core/tasks.py":
            continue
        groups = _task_groups(tree)
        for call in _calls(tree, SPAWNERS):
            holder = call.func.value if isinstance(call.func, ast.Attribute) else None
            if not (isinstance(holder, ast.Name | ast.Attribute) and ast.unparse(holder) in groups):
                complaints.append(f"{_name(package, path)}:{call.lineno} starts a task outside a TaskGroup: use core.tasks.start")
    return complaints


def only_the_unit_of_work_commits(package: Path) -> list[str]:
    """Transactions end in core/database, at the word of the route class; nobody else says commit."""
    allowed = ("core/database/", "core/http/", "core/migrations/")
    return [
        f"{_name(package, path)}:{call.lineno} commits or rolls back"
        for path, tree in _trees(package)
        if not _name(package, path).startswith(allowed)
        for call in _calls(tree, {"commit", "rollback"})
    ]


def sql_stands_in_repositories(package: Path) -> list[str]:
    """Inside a feature SQLAlchemy and statements appear in repository, models and migrations only."""
    complaints = []
    for folder in _modules(package):
        for path, line, target in _imports(package, folder):
            kind = path.relative_to(folder).with_suffix("").parts[0]
            if target[0] in {"sqlalchemy", "alembic", "asyncpg", "sqlite3"} and kind not in SQL_FILES:
                complaints.append(f"{_name(package, path)}:{line} imports {target[0]}")
        for path in folder.rglob("*.py"):
            kind = path.relative_to(folder).with_suffix("").parts[0]
            if kind not in SQL_FILES:
                calls = _calls(ast.parse(path.read_text()), {"Statement", "Listing", "insert_into", "update_of", "upsert"})
                complaints += [f"{_name(package, path)}:{call.lineno} builds a statement" for call in calls]
    return complaints


def routes_are_async_and_typed(package: Path) -> list[str]:
    """Every route declares its answer (R-335) and runs on the loop."""
    complaints = []
    for path, tree in _trees(package):
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_is_route, function.decorator_list)):
                where = f"{_name(package, path)}:{function.lineno} {function.name}"
                if isinstance(function, ast.FunctionDef):
                    complaints.append(f"{where} is not async")
                if function.returns is None or ast.unparse(function.returns).partition("[")[0] in {
                    "Any",
                    "dict",
                    "list[Any]",
                    "object",
                }:
                    complaints.append(f"{where} does not declare its answer")
    return complaints


def public_things_say_what_they_are(package: Path) -> list[str]:
    """Every public module, class and function has a docstring; migrations are named by their files."""
    complaints = []
    for path, tree in _trees(package):
        if "migrations" in path.parts:
            continue
        if path.stem != "__init__" and not ast.get_docstring(tree):
            complaints.append(f"{_name(package, path)} has no docstring")
        complaints += [f"{_name(package, path)}:{node.lineno} {node.name} has no docstring" for node in _undocumented(tree)]
    return complaints


def time_and_ids_have_one_source(package: Path) -> list[str]:
    """The time comes from core/clock.py and ids from core/ids.py, so that tests can hold both."""
    complaints = []
    for path, tree in _trees(package):
        if _name(package, path) in {"core/clock.py", "core/ids.py"}:
            continue
        for call in _calls(tree, {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7"}):
            text = ast.unparse(call.func)
            if text.startswith(("datetime.", "date.", "uuid.")) or text in {"uuid4", "uuid7", "uuid1"}:
                complaints.append(f"{_name(package, path)}:{call.lineno} calls {text}")
    return complaints


def middleware_is_pure_asgi(package: Path) -> list[str]:
    """A BaseHTTPMiddleware costs 91 µs a request and breaks context variables."""
    return [
        f"{_name(package, path)}:{node.lineno} names BaseHTTPMiddleware"
        for path, tree in _trees(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "BaseHTTPMiddleware" for alias in node.names)
    ]


def nothing_is_left_to_do(package: Path) -> list[str]:
    """No TODO and no print."""
    complaints = []
    for path, tree in _trees(package):
        complaints += [
            f"{_name(package, path)}:{call.lineno} prints" for call in _calls(tree, {"print"}) if isinstance(call.func, ast.Name)
        ]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if LEFT_TO_DO.search(line):
                complaints.append(f"{_name(package, path)}:{number} leaves something to do")
    return complaints


RULES: tuple[Rule, ...] = (
    files_are_short,
    names_say_what_they_hold,
    module_files_are_known,
    neighbours_meet_at_public_files,
    own_files_lie_below_the_service,
    tasks_belong_to_a_group,
    only_the_unit_of_work_commits,
    sql_stands_in_repositories,
    routes_are_async_and_typed,
    public_things_say_what_they_are,
    time_and_ids_have_one_source,
    middleware_is_pure_asgi,
    nothing_is_left_to_do,
)


def _files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*.py") if "__pycache__" not in path.parts)


def _trees(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in _files(package):
        yield path, ast.parse(path.read_text())


def _name(package: Path, path: Path) -> str:
    return path.relative_to(package).as_posix()


def _modules(package: Path) -> list[Path]:
    folder = package / "modules"
    return sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob("*.py")))


def _known_files(package: Path) -> set[str]:
    for node in ast.walk(ast.parse((package / "core" / "module.py").read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FILES":
            return {leaf.value for leaf in ast.walk(node.value) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}
    raise LookupError("core/module.py names no FILES")


def _declared(folder: Path, keyword: str) -> list[str]:
    declaration = folder / "module.py"
    if not declaration.exists():
        return []
    for call in _calls(ast.parse(declaration.read_text()), {"Module"}):
        for given in call.keywords:
            if given.arg == keyword:
                return [str(item) for item in ast.literal_eval(given.value)]
    return []


def _imports(package: Path, folder: Path) -> Iterator[tuple[Path, int, list[str]]]:
    """Each imported name as parts below `mainspring`, or as it stands when it comes from elsewhere."""
    for path in _files(folder):
        here = [*path.relative_to(package).parts[:-1]]
        for node in ast.walk(ast.parse(path.read_text())):
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


def _calls(tree: ast.AST, names: set[str]) -> list[ast.Call]:
    def called(function: ast.expr) -> str:
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")

    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node.func) in names]


def _task_groups(tree: ast.AST) -> set[str]:
    """Names bound by `async with TaskGroup() as name`, or annotated as a TaskGroup."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and node.optional_vars and "TaskGroup" in ast.unparse(node.context_expr):
            found.add(ast.unparse(node.optional_vars))
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation and "TaskGroup" in ast.unparse(node.annotation):
            found.add(node.arg if isinstance(node, ast.arg) else ast.unparse(node.target))
    return found


def _is_route(decorator: ast.expr) -> bool:
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return False
    return decorator.func.attr in HTTP_METHODS and "router" in ast.unparse(decorator.func.value).lower()


def _undocumented(tree: ast.Module) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
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
