"""Who may call what, worked out from the guards of the routes and from what the code gives the built-in roles.

It depends on nothing but the code, so a file of it can be compared at every change: a new route, a guard that was loosened and a
permission that a role gets by default all show as a line of a diff.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .guard import Guard, HoldsPermission, HoldsRole, SignedIn
from .permission import PERMISSIONS

if TYPE_CHECKING:
    from ..http.plan import Plan

NOBODY, DEPENDS, OWN, YES = "-", "?", "own", "yes"
ADMIN = "admin"
ROLES = ("guest", "user", "moderator", ADMIN)
COLUMNS = ("operation", "rule", "anonymous", *ROLES, "key without scopes", "a key needs")

HEAD = """# Who may call what

Written by `mainspring access matrix --write`, compared by `--check`. `-` is refused; `own` sees and changes what is one's own;
`yes` may; at `?` a rule of its own decides. A person holds what the code gives the role of the column by default.
"""


def table(plans: "Iterable[tuple[str, str, Plan]]") -> str:
    """The whole file: one row for each operation, then what each permission is and which roles hold it by default."""
    operations = sorted((path, method, _row(method, path, plan.guards)) for method, path, plan in plans)
    permissions = [(f"`{name}`", PERMISSIONS[name].description, _defaults(name)) for name in sorted(PERMISSIONS)]
    return "\n".join(
        [
            HEAD,
            *_markdown(COLUMNS, (row for _, _, row in operations)),
            "",
            *_markdown(("permission", "allows", "roles that hold it by default"), permissions),
            "",
        ]
    )


def _row(method: str, path: str, guards: Sequence[Guard]) -> tuple[str, ...]:
    rule = " and ".join(guard.rule() for guard in guards) or "public"
    anonymous = YES if all(guard.is_public for guard in guards) else NOBODY
    people = [_least(_of_person(guard, role) for guard in guards) for role in ROLES]
    needs = [guard.key_needs(method) for guard in guards if not guard.is_public]
    key = NOBODY if any(need is None or need for need in needs) else DEPENDS if needs else YES
    return (f"`{method} {path}`", rule, anonymous, *people, key, _needs(needs))


def _of_person(guard: Guard, role: str) -> str:
    """What somebody with this role, and no other, may do behind the guard."""
    if guard.is_public:
        return YES
    if isinstance(guard, HoldsRole):
        return YES if role in (ADMIN, *guard.roles) else NOBODY
    asked = getattr(guard, "permissions", ())
    if any(role == ADMIN or (name in PERMISSIONS and role in PERMISSIONS[name].roles) for name in asked):
        return YES
    if isinstance(guard, SignedIn):
        return OWN
    return NOBODY if isinstance(guard, HoldsPermission) else DEPENDS


def _least(verdicts: Iterable[str]) -> str:
    """What several guards together allow."""
    return min(verdicts, key=(NOBODY, DEPENDS, OWN, YES).index, default=YES)


def _needs(needs: Sequence[tuple[str, ...] | None]) -> str:
    if any(need is None for need in needs):
        return "never"
    return " and ".join(" or ".join(need) for need in needs if need) or "nothing"


def _defaults(name: str) -> str:
    return ", ".join(sorted({ADMIN, *PERMISSIONS[name].roles}))


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(columns), _line(["---"] * len(columns)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
