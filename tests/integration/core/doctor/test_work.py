"""`mainspring doctor`: what is not there, not running, or not as it was written."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import update

from mainspring.core import clock
from mainspring.core.audit import AuditRecord
from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.seals import Seals
from mainspring.core.database import Statement, bind, insert_into
from mainspring.core.doctor import databases, extras
from mainspring.core.jobs.models import Job, Schedule
from mainspring.core.token_keys.models import TokenKey
from mainspring.core.workflows.models import Workflow
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.api_keys.models import ApiKey
from mainspring.modules.users.service import NewUser, UserService

PASSWORD = "a-password-of-a-database"


def test_an_installation_that_works_is_well(doctor, database_url, at_work):

    code, groups, _ = doctor(DATABASE_URL=database_url)

    assert (code, groups) == (0, {})


def test_nobody_who_works_and_what_is_overdue_is_told(doctor, write, database_url):
    async def forget_a_schedule(uow):
        past = clock.now() - timedelta(hours=1)
        add = Statement(insert_into(Schedule))
        await uow.run(add, name="reports.nightly", spec="every 1h", next_at=past, last_tick=None)

    write(forget_a_schedule)

    code, groups, _ = doctor(DATABASE_URL=database_url)

    assert code == 1
    assert groups == {"work": ["No process runs the jobs of the database default.", "Schedules are overdue: reports.nightly."]}


def test_an_administrator_with_a_password_alone_is_told_until_a_second_factor_is_demanded(doctor, write, database_url, at_work):
    async def make_administrator(uow):
        user = await UserService(uow).create(NewUser(email="root@example.com", name="Root"))
        await AssignmentService(uow).assign(None, user.id, "admin")

    write(make_administrator)

    code, groups, _ = doctor(DATABASE_URL=database_url)
    demanded, now_well, _ = doctor(DATABASE_URL=database_url, MFA__REQUIRED_ROLES="admin")

    assert (code, groups) == (1, {"auth": ["1 administrators have no second factor, and none is demanded."]})
    assert (demanded, now_well) == (0, {})


def test_a_database_without_tables_is_told(doctor, empty_database_url, dialect):
    code, groups, _ = doctor(DATABASE_URL=empty_database_url)

    assert code == 1
    [sentence] = groups["database"]
    assert sentence.startswith("The database default is not there" if dialect == "sqlite" else "Migrations of the database")


def test_with_the_database_down_the_rest_is_looked_at(doctor, tmp_path):
    (tmp_path / "data" / "keys").mkdir(mode=0o755)
    url = f"postgresql://nobody:{PASSWORD}@127.0.0.1:1/nothing"

    code, groups, said = doctor(DATABASE_URL=url, REDIS_URL="redis://:anotherpassword@127.0.0.1:1/0")

    assert code == 1
    assert groups["database"][0].startswith("PostgreSQL at 127.0.0.1:1 cannot be reached")
    assert groups["network"] == ["Nobody listens at 127.0.0.1:1, which REDIS_URL names."]
    assert groups["files"] == [f"{tmp_path / 'data' / 'keys'} can be read by others."]
    assert PASSWORD not in said
    assert "anotherpassword" not in said


async def a_dead_job(uow):
    now = clock.now()
    values = {column.key: None for column in Job.__table__.columns if column.nullable}
    values |= {"name": "reports.make", "payload_version": 1, "payload": {}, "queue": "default", "priority": 0, "state": "dead"}
    values |= {"track": "open", "run_at": now, "failures": 5, "crashes": 0, "max_attempts": 5, "timeout_ms": 1000, "token": 1}
    await uow.run(Statement(insert_into(Job)), **values | {"cancel_requested": False, "created_at": now, "finished_at": now})


async def a_stuck_workflow(uow):
    values = {column.key: None for column in Workflow.__table__.columns if column.nullable}
    values |= {"name": "orders.place", "input": {}, "state": "stuck", "cancel_asked": False, "attempts": 9, "epoch": 1}
    await uow.run(Statement(insert_into(Workflow)), **values)


async def a_key_that_ended_in_use(uow):
    now = clock.now()
    user = await UserService(uow).create(NewUser(email="ada@example.com", name="Ada"))
    values = {column.key: None for column in ApiKey.__table__.columns if column.nullable}
    values |= {
        "user_id": user.id,
        "name": "export",
        "scopes": [],
        "is_live": False,
        "lifetime_seconds": 60,
        "secret_hash": "5" * 64,
    }
    ended = {"expires_at": now - timedelta(days=1), "last_used_at": now - timedelta(days=2)}
    await uow.run(Statement(insert_into(ApiKey)), **values | ended)


async def a_changed_trail(uow):
    uow.audit(AuditRecord("TEST", "things", "1", {"amount": 1}))


@pytest.mark.parametrize(
    ("deed", "group", "sentence"),
    [
        (a_dead_job, "work", "1 jobs of the database default gave up."),
        (a_stuck_workflow, "work", "1 workflows are stuck."),
        (a_key_that_ended_in_use, "api_keys", "1 API keys in use have ended, so programs are refused."),
    ],
)
def test_what_waits_for_a_person_is_told(doctor, write, database_url, deed, group, sentence, at_work):
    write(deed)

    code, groups, _ = doctor(DATABASE_URL=database_url)

    assert (code, groups) == (1, {group: [sentence]})


def test_a_changed_trail_is_told(doctor, write, database_url, at_work):
    async def chain(application):
        await Chainer(application.database, application.resolve(Seals), every=timedelta(minutes=1), rows=1000).chain_all()

    async def change(uow):
        await uow.run(Statement(update(AuditEntry).where(AuditEntry.seq == 1).values(action="OTHER")))

    write(a_changed_trail, after=chain)
    write(change)

    code, groups, _ = doctor(DATABASE_URL=database_url)

    assert code == 1
    assert groups["audit"][0].startswith("default, main: Row 1 (OTHER of ")


def test_an_old_token_key_is_told(doctor, write, database_url, at_work):
    own = {"JWT_PRIVATE_KEY": "", "JWT_PUBLIC_KEY": "", "JWT_ALGORITHM": "ES256"}

    async def age(uow):
        then = clock.now() - timedelta(days=100)
        await uow.run(Statement(update(TokenKey).values(signs_from=bind("then", TokenKey.signs_from))), then=then)

    write(age, **own)

    overdue, late, _ = doctor(DATABASE_URL=database_url, **own, JWT_KEY_LIFETIME="30d")
    fine, well, _ = doctor(DATABASE_URL=database_url, **own, JWT_KEY_LIFETIME="120d")
    other, closed, _ = doctor(DATABASE_URL=database_url, **own, ENCRYPTION_KEY="another key of more than 32 characters")

    assert (overdue, late) == (1, {"keys": ["The token key is 100 days old, and JWT_KEY_LIFETIME is 30 days."]})
    assert (fine, well) == (0, {})
    assert (other, closed["keys"]) == (1, ["The token key does not open with this ENCRYPTION_KEY."])


def test_a_short_key_that_was_given_is_advice(doctor, database_url, at_work):
    pem = bytes(RSAKey.generate_key(2048).as_pem(private=True)).decode()

    code, groups, _ = doctor(DATABASE_URL=database_url, JWT_PRIVATE_KEY=pem, JWT_PUBLIC_KEY="")

    assert (code, groups) == (0, {"keys": ["JWT_PRIVATE_KEY is an RSA key of 2048 bits."]})


def test_clocks_that_differ_are_told(doctor, database_url, dialect, monkeypatch, at_work):
    monkeypatch.setattr(databases, "clock", SimpleNamespace(now=lambda: clock.now() + timedelta(seconds=60)))

    _, groups, _ = doctor(DATABASE_URL=database_url)

    told = ["The clocks of the database default and of this machine are 60 s apart."] if dialect == "postgresql" else []
    assert groups.get("database", []) == told


def test_a_library_that_is_missing_is_told_with_its_extra(doctor, database_url, monkeypatch, at_work):
    find, gone = extras.importlib.util.find_spec, ("stripe", "aiosmtplib")
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None if name in gone else find(name))

    _, groups, _ = doctor(
        DATABASE_URL=database_url,
        EMAIL_HOST="127.0.0.1",
        PAYMENTS__GATEWAY="stripe",
        STRIPE_API_KEY="sk_test_1",
        STRIPE_WEBHOOK_SECRET="whsec_1",
    )

    assert "aiosmtplib is not installed, and the settings need it." in groups["settings"]
    assert groups["payments"] == ["stripe is not installed, and the settings need it."]
