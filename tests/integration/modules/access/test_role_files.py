"""`mainspring access explain|export|plan|apply`: roles as a reviewed file."""

import tomllib

import pytest

from mainspring.modules.access.schemas import RoleInFile
from mainspring.modules.access.service import RoleFiles
from tests.integration.modules.command_line import command, live_in

SUPPORT = """
[roles.support]
description = "Helps \\"people\\""
permissions = ["users:read", "orders:read"]
"""


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    live_in(tmp_path, database_url, monkeypatch)
    return command("access", capsys)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "roles.toml"


async def roles_of(app, admin):
    return {role["name"]: role for role in (await app.as_(admin).get("/api/v1/roles?limit=100")).json()["data"]}


async def test_what_is_exported_changes_nothing(app, admin, run, file):
    body = {"name": "odd", "description": 'Tab\t, "quotes", \\ and ü, \x7f', "permissions": []}
    assert (await app.as_(admin).post("/api/v1/roles", json=body)).status_code == 201
    exported = (await run("export")).stdout
    file.write_text(exported)

    planned = await run("plan", "--file", str(file), "--prune")

    assert (planned.returncode, planned.stdout) == (0, "")
    assert set(tomllib.loads(exported)["roles"]) == {"guest", "moderator", "odd", "user"}
    assert tomllib.loads(exported)["roles"]["odd"]["description"] == body["description"]


async def test_a_plan_shows_what_would_change_and_changes_nothing(app, admin, run, file):
    file.write_text(SUPPORT + '[roles.moderator]\npermissions = ["users:read", "audit:read"]\n')
    before = await roles_of(app, admin)

    planned = await run("plan", "--file", str(file))

    assert planned.returncode == 2
    assert planned.stdout.splitlines()[:5] == [
        "~ role moderator (held by 0 accounts)",
        "    + audit:read",
        "    - credits:transfer",
        "    - orders:place",
        "    - orders:read",
    ]
    assert planned.stdout.splitlines()[-4:] == [
        "+ role support",
        '    description: "Helps \\"people\\""',
        "    + orders:read",
        "    + users:read",
    ]
    assert await roles_of(app, admin) == before


async def test_applying_makes_it_so_with_a_row_in_the_trail(app, admin, run, file):
    file.write_text(SUPPORT)

    applied = await run("apply", "--file", str(file))

    assert applied.returncode == 0, applied
    support = (await roles_of(app, admin))["support"]
    assert (support["description"], support["permissions"]) == ('Helps "people"', ["orders:read", "users:read"])
    rows = (await app.as_(admin).get(f"/api/v1/audit?resource=role&resourceId={support['id']}")).json()["data"]
    assert [(row["action"], row["userId"]) for row in rows] == [("CREATE", None)]
    assert (await run("plan", "--file", str(file))).returncode == 0
    assert (await run("apply", "--file", str(file))).stdout == ""


async def test_a_role_that_the_file_does_not_name_is_kept_or_pruned(app, admin, ada, run, file):
    body = {"name": "old", "description": "Old", "permissions": ["users:read"]}
    await app.as_(admin).post("/api/v1/roles", json=body)
    await app.as_(admin).post(f"/api/v1/users/{ada.id}/roles", json={"role": "old"})
    file.write_text(SUPPORT)
    await run("apply", "--file", str(file))

    kept = await run("plan", "--file", str(file))
    pruned = await run("plan", "--file", str(file), "--prune")

    assert (kept.returncode, kept.stdout) == (0, "= role old (held by 1 account, not in the file: kept without --prune)\n")
    assert (pruned.returncode, pruned.stdout) == (2, "- role old (held by 1 account)\n    - users:read\n")
    assert (await run("apply", "--file", str(file), "--prune")).returncode == 0
    assert set(await roles_of(app, admin)) == {"admin", "guest", "moderator", "support", "user"}


async def test_without_a_description_a_role_keeps_its_own(app, admin, run, file):
    before = (await roles_of(app, admin))["guest"]
    file.write_text("[roles.guest]\npermissions = []\n[roles.new]\npermissions = []\n")

    assert (await run("apply", "--file", str(file))).returncode == 0

    after = await roles_of(app, admin)
    assert (after["guest"]["description"], after["guest"]["permissions"]) == (before["description"], [])
    assert after["new"]["description"] == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[roles.a1]\npermissions = ["user:read"]\n[roles.b2]\npermissions = ["orders:reed"]\n[roles.admin]\npermissions = []',
            "The role admin holds every permission always; leave it out\n"
            "No module declares the permission user:read, in the role a1. Did you mean users:read?\n"
            "No module declares the permission orders:reed, in the role b2. Did you mean orders:read?\n",
        ),
        ('[roles.a1]\npermissions = ["quite:different"]', "quite:different, in the role a1.\n"),
        ("[roles.a1]\n", "roles.a1.permissions: Field required"),
        ('[roles."No Name"]\npermissions = []', "String should match pattern"),
        ("[roles.a1]\npermissions = []\nmembers = []", "Extra inputs are not permitted"),
        ("[rolls.a1]\npermissions = []", "roles: Field required"),
        ("[roles", "is no TOML"),
    ],
)
async def test_a_file_that_is_wrong_says_where_and_changes_nothing(app, admin, run, file, text, said):
    file.write_text(text)
    before = await roles_of(app, admin)

    for deed in ("plan", "apply"):
        answer = await run(deed, "--file", str(file))

        assert answer.returncode == 1
        assert said in answer.stderr
        assert "Traceback" not in answer.stderr
    assert await roles_of(app, admin) == before


async def test_a_file_that_is_not_there(run, tmp_path):
    answer = await run("plan", "--file", str(tmp_path / "none.toml"))

    assert (answer.returncode, answer.stderr) == (1, f"There is no file {tmp_path / 'none.toml'}.\n")


async def test_one_wrong_change_undoes_all(app, admin):
    wanted = {"a1": RoleInFile(permissions=["users:read"]), "b2": RoleInFile(permissions=["users:read"])}
    async with app.application.reading() as uow:
        plan = await RoleFiles(uow).plan(wanted)
    await app.as_(admin).post("/api/v1/roles", json={"name": "b2"})

    with pytest.raises(Exception, match="Role already exists"):
        async with app.application.unit() as uow:
            await RoleFiles(uow).apply(plan)

    assert "a1" not in await roles_of(app, admin)


async def test_the_command_explains(ada, run):
    yes = await run("explain", ada.email, "products:read")
    no = await run("explain", ada.email, "users:delete", "--resource", f"user:{ada.id}")
    odd = await run("explain", ada.email, "users:delet")
    thing = await run("explain", ada.email, "users:delete", "--resource", "moon")

    assert (yes.returncode, yes.stdout.splitlines()[0]) == (
        0,
        "Ada Lovelace may products:read (Read products): a role holds it.",
    )
    assert no.returncode == 1
    assert "Roles that hold it: admin." in no.stdout
    assert "is one's own" in no.stdout
    assert (odd.returncode, odd.stderr) == (1, "Permission not found. Did you mean users:delete?\n")
    assert thing.returncode == 1
    assert thing.stderr.startswith("resource: String should match pattern '^[a-z_]{1,50}:[0-9a-f]{8}-")
