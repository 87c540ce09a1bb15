"""Sessions are opened in one place, `modules/auth/service/admission.py`, so that no way in forgets the second factor."""

import ast
from pathlib import Path

from tools.source_tree import files_of, name_of, tree_of

PACKAGE = Path(__file__).parents[2] / "src" / "mainspring"
OPENING = "modules/auth/service/opening.py"
GATE = "modules/auth/service/admission.py"
REPOSITORY = "modules/auth/repository/sessions.py"
KEEPER = "modules/auth/service/keeping.py"
REFRESH = "modules/auth/service/rotation.py"


def namers(package: Path, name: str) -> set[str]:
    """The files that name a thing, in whatever way: import, attribute, variable, text."""
    return {name_of(package, path) for path in files_of(package) if name in names_in(tree_of(path))}


def names_in(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.update(node.name.split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_only_the_gate_opens_sessions():
    assert namers(PACKAGE, "open_session") == {OPENING, GATE}
    assert namers(PACKAGE, "open_impersonation") == {OPENING, GATE}


def test_only_the_opening_writes_a_row_of_a_session():
    assert namers(PACKAGE, "ADD_SESSION") == {REPOSITORY}
    assert {name for name in namers(PACKAGE, "SessionKeeper") if calls_add(name, "SessionKeeper")} == {OPENING}


def test_only_the_keeper_touches_rows_of_sessions():
    """So nothing ends, begins or is proved in the database that the store of `SESSION_STORE` does not hear of (R-086)."""
    package = "modules/auth/repository/__init__.py"
    assert namers(PACKAGE, "SessionRepository") == {package, KEEPER}
    assert takers_of("Session") == {REPOSITORY, "modules/auth/repository/deletions.py"}  # which erases what was ended before


def test_the_store_hears_of_every_statement_that_ends_sessions():
    rows, keeper = tree_of(PACKAGE / REPOSITORY), tree_of(PACKAGE / KEEPER)
    statements = {
        ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target): ast.unparse(node)
        for node in rows.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
    }
    ending = {name for name, text in statements.items() if "values(ENDING)" in text}
    methods = {method.name for method in methods_of(rows, "SessionRepository") if names_in(method) & ending}

    assert len(ending) == 7
    assert methods == {"end", "end_several", "end_all", "end_of_origins", "end_acting_as", "end_orphans"}
    told = {method.name for method in methods_of(keeper, "SessionKeeper") if names_in(method) & {"drop", "_dropped"}}
    assert told - {"_dropped"} == methods


def test_only_opening_and_refreshing_write_a_refresh_token():
    assert namers(PACKAGE, "ADD_TOKEN") == {REPOSITORY}
    assert {name for name in namers(PACKAGE, "RefreshTokenRepository") if calls_add(name, "RefreshTokenRepository")} == {
        OPENING,
        REFRESH,
    }


def test_access_tokens_are_signed_for_sessions_of_the_gate_only():
    signers = {
        name_of(PACKAGE, path)
        for path in files_of(PACKAGE)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "issue"
    }

    assert signers == {"modules/auth/service/issuing.py"}


def test_the_scan_sees_whoever_goes_around_the_gate(tmp_path):
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "around.py").write_text("from x.opening import open_session as begin\n")
    (tmp_path / "modules" / "above.py").write_text("opening.open_session(uow)\n")
    (tmp_path / "modules" / "beside.py").write_text("getattr(opening, 'open_session')(uow)\n")

    assert namers(tmp_path, "open_session") == {"modules/around.py", "modules/above.py", "modules/beside.py"}


def methods_of(tree: ast.Module, name: str) -> list[ast.AsyncFunctionDef]:
    (found,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    return [node for node in found.body if isinstance(node, ast.AsyncFunctionDef)]


def takers_of(model: str) -> set[str]:
    """The files of auth that take a table from the models, so that they can make statements about it."""
    return {
        name_of(PACKAGE, path)
        for path in files_of(PACKAGE)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        and node.module == "models"
        and "modules/auth/" in name_of(PACKAGE, path)
        and model in {alias.name for alias in node.names}
    }


def calls_add(name: str, repository: str) -> bool:
    """Whether a file adds rows through the repository, held in a variable or not."""
    tree = tree_of(PACKAGE / name)
    adders = {
        ast.unparse(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add"
    }
    holders = {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(f"{repository}(")
        for target in node.targets
    }
    return any(adder.startswith(f"{repository}(") or adder in holders for adder in adders)


def test_passwords_are_judged_in_one_place_which_counts_the_tries():
    judges = {
        name_of(PACKAGE, path)
        for path in files_of(PACKAGE)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "verify"
        and "Passwords" in names_in(tree_of(path))
        and "assword" in ast.unparse(node)
    }

    assert judges == {"modules/auth/workflows/judging_password.py"}
