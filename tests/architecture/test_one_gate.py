"""Sessions are opened in one place, `modules/auth/service/admission.py`, so that no way in forgets the second factor."""

import ast
from pathlib import Path

from tools.source_tree import files_of, name_of, tree_of

PACKAGE = Path(__file__).parents[2] / "src" / "mainspring"
OPENING = "modules/auth/service/opening.py"
GATE = "modules/auth/service/admission.py"
REPOSITORY = "modules/auth/repository/sessions.py"
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
    assert {name for name in namers(PACKAGE, "SessionRepository") if calls_add(name, "SessionRepository")} == {OPENING}


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
