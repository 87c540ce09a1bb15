"""The rules of the floor plan that import-linter cannot express. Each takes the folder of the package and answers complaints."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

from tools.source_tree import (
    calls_in,
    declared,
    files_of,
    imports_of,
    is_route,
    known_files,
    modules_of,
    name_of,
    task_groups,
    tree_of,
    trees_of,
    undocumented,
)

Rule = Callable[[Path], list[str]]

MAX_LINES = 300
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "shared", "tools"}
PUBLIC_FILES = {"service", "schemas", "rows", "events", "permissions", "ports", "errors"}
TRANSPORTS = {"routes", "graphql", "grpc", "channels", "admin", "jobs", "subscribers", "commands", "seeds"}
ABOVE_OWN_FILES = {"module", "workflows", "service"} | TRANSPORTS
BELOW_OWN_FILES = {"repository", "models", "rows", "schemas", "events", "permissions", "ports", "settings", "errors"}
SQL_FILES = {"repository", "models", "migrations"}
SPAWNERS = {"create_task", "ensure_future", "run_coroutine_threadsafe"}
BARE_IGNORE = re.compile(r"#\s*type:\s*ignore(\[[\w, -]+\])?\s*$")
LEFT_TO_DO = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def files_are_short(package: Path) -> list[str]:
    """A file has at most 300 lines; past that it becomes a folder with one file per deed."""
    lengths = ((path, len(path.read_text().splitlines())) for path in files_of(package))
    return [f"{name_of(package, path)} has {length} lines" for path, length in lengths if length > MAX_LINES]


def names_say_what_they_hold(package: Path) -> list[str]:
    """No file or folder is called utils, common, helpers or misc."""
    found = {part for path in files_of(package) for part in path.relative_to(package).with_suffix("").parts}
    return [f"{name} names nothing: name the concept" for name in sorted(found & FORBIDDEN_NAMES)]


def module_files_are_known(package: Path) -> list[str]:
    """A feature has only the files that every process looks for, and those that it declares as its own."""
    known = known_files(package)
    complaints = []
    for folder in modules_of(package):
        if not (folder / "module.py").exists():
            complaints.append(f"modules/{folder.name} has no module.py")
        allowed = known | set(declared(folder, "own"))
        names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
        complaints += [
            f"modules/{folder.name}/{name} is no known file" for name in sorted(names - allowed) if name[0] not in "_."
        ]
    return complaints


def neighbours_meet_at_public_files(package: Path) -> list[str]:
    """A feature imports another one only through its public files, and only when it requires it."""
    complaints = []
    for folder in modules_of(package):
        required = {name.partition(">=")[0].strip() for name in declared(folder, "requires")}
        for path, line, target in imports_of(package, folder):
            if target[:1] != ["modules"] or len(target) < 2 or target[1] == folder.name:
                continue
            where = f"{name_of(package, path)}:{line} imports {'.'.join(target)}"
            if target[1] not in required:
                complaints.append(f"{where}, which modules/{folder.name} does not require")
            allowed = PUBLIC_FILES | ({"graphql"} if path.stem == "graphql" else set())
            if len(target) < 3 or target[2] not in allowed:
                complaints.append(f"{where}, which is not public")
    return complaints


def own_files_lie_below_the_service(package: Path) -> list[str]:
    """A file of a module's own is imported by its service or above, never by what lies below."""
    complaints = []
    for folder in modules_of(package):
        own = set(declared(folder, "own"))
        for path, line, target in imports_of(package, folder):
            if target[:2] != ["modules", folder.name] or len(target) < 3:
                continue
            importer = path.relative_to(folder).with_suffix("").parts[0]
            upwards = importer in own and target[2] in ABOVE_OWN_FILES
            if upwards or (importer in BELOW_OWN_FILES and target[2] in own):
                complaints.append(f"{name_of(package, path)}:{line} imports {target[2]} upwards")
    return complaints


def tasks_belong_to_a_group(package: Path) -> list[str]:
    """No exception is lost (R-129): a task is started in a TaskGroup, or by core/tasks.py, which watches it."""
    complaints = []
    for path, tree in trees_of(package):
        if name_of(package, path) == "core/tasks.py":
            continue
        groups = task_groups(tree)
        for call in calls_in(tree, SPAWNERS):
            holder = call.func.value if isinstance(call.func, ast.Attribute) else None
            if not (isinstance(holder, ast.Name | ast.Attribute) and ast.unparse(holder) in groups):
                complaints.append(
                    f"{name_of(package, path)}:{call.lineno} starts a task outside a TaskGroup: use core.tasks.start"
                )
    return complaints


def only_the_unit_of_work_commits(package: Path) -> list[str]:
    """Transactions end in core/database, at the word of the route class; nobody else says commit."""
    allowed = ("core/database/", "core/http/", "core/migrations/")
    return [
        f"{name_of(package, path)}:{call.lineno} commits or rolls back"
        for path, tree in trees_of(package)
        if not name_of(package, path).startswith(allowed)
        for call in calls_in(tree, {"commit", "rollback"})
    ]


def sql_stands_in_repositories(package: Path) -> list[str]:
    """Inside a feature SQLAlchemy and statements appear in repository, models and migrations only."""
    complaints = []
    for folder in modules_of(package):
        for path, line, target in imports_of(package, folder):
            kind = path.relative_to(folder).with_suffix("").parts[0]
            if target[0] in {"sqlalchemy", "alembic", "asyncpg", "sqlite3"} and kind not in SQL_FILES:
                complaints.append(f"{name_of(package, path)}:{line} imports {target[0]}")
        for path in folder.rglob("*.py"):
            kind = path.relative_to(folder).with_suffix("").parts[0]
            if kind not in SQL_FILES:
                calls = calls_in(tree_of(path), {"Statement", "Listing", "insert_into", "update_of", "upsert"})
                complaints += [f"{name_of(package, path)}:{call.lineno} builds a statement" for call in calls]
    return complaints


def routes_are_async_and_typed(package: Path) -> list[str]:
    """Every route declares its answer (R-335) and runs on the loop."""
    complaints = []
    for path, tree in trees_of(package):
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(is_route, function.decorator_list)):
                where = f"{name_of(package, path)}:{function.lineno} {function.name}"
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
    for path, tree in trees_of(package):
        if "migrations" in path.parts:
            continue
        if path.stem != "__init__" and not ast.get_docstring(tree):
            complaints.append(f"{name_of(package, path)} has no docstring")
        complaints += [f"{name_of(package, path)}:{node.lineno} {node.name} has no docstring" for node in undocumented(tree)]
    return complaints


def time_and_ids_have_one_source(package: Path) -> list[str]:
    """The time comes from core/clock.py and ids from core/ids.py, so that tests can hold both."""
    complaints = []
    for path, tree in trees_of(package):
        if name_of(package, path) in {"core/clock.py", "core/ids.py"}:
            continue
        for call in calls_in(tree, {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7"}):
            text = ast.unparse(call.func)
            if text.startswith(("datetime.", "date.", "uuid.")) or text in {"uuid4", "uuid7", "uuid1"}:
                complaints.append(f"{name_of(package, path)}:{call.lineno} calls {text}")
    return complaints


def middleware_is_pure_asgi(package: Path) -> list[str]:
    """A BaseHTTPMiddleware costs 91 µs a request and breaks context variables."""
    return [
        f"{name_of(package, path)}:{node.lineno} names BaseHTTPMiddleware"
        for path, tree in trees_of(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "BaseHTTPMiddleware" for alias in node.names)
    ]


def nothing_is_left_to_do(package: Path) -> list[str]:
    """No TODO, no print, and a `type: ignore` gives its reason."""
    complaints = []
    for path, tree in trees_of(package):
        complaints += [
            f"{name_of(package, path)}:{call.lineno} prints"
            for call in calls_in(tree, {"print"})
            if isinstance(call.func, ast.Name)
        ]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if LEFT_TO_DO.search(line):
                complaints.append(f"{name_of(package, path)}:{number} leaves something to do")
            if BARE_IGNORE.search(line):
                complaints.append(f"{name_of(package, path)}:{number} ignores a type without a reason")
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
