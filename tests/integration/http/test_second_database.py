"""A module that names a database has it in its routes and workflows (R-210)."""

import pytest
from sqlalchemy import func, select

from mainspring.core.application import Application, create_application
from mainspring.core.audit.models import AuditEntry
from mainspring.core.database import Statement
from mainspring.core.database.migrate import Migrations
from mainspring.core.module import BootRefused, Module, discover
from mainspring.testing.client import AppClient
from mainspring.testing.databases import settings_for

RECORDS = Statement(select(func.count()).select_from(AuditEntry), int)
ARCHIVE = Module("archive", "tests.integration.http.archive", database="archive")


@pytest.fixture
def environment(tmp_path):
    return {"DATABASES__ARCHIVE__URL": f"sqlite:///{tmp_path / 'archive.db'}"}


@pytest.fixture
async def application(settings):
    application = create_application(settings, [*discover(), ARCHIVE])
    await Migrations(application).up()
    await application.start()
    yield application
    await application.stop()


async def records(application: Application, name: str) -> int:
    async with application.reading(database=name) as uow:
        return await uow.only(RECORDS)


async def test_routes_and_workflows_open_the_database_of_their_module(application):
    before = await records(application, "default")

    async with AppClient.of(application) as client:
        answers = [
            await client.get("/api/v1/archive"),
            await client.post("/api/v1/archive"),
            await client.post("/api/v1/archive/workflow", headers={"Idempotency-Key": "once"}),
            await client.post("/api/v1/archive/workflow", headers={"Idempotency-Key": "once"}),
        ]

    archive = application.databases["archive"].url
    assert [answer.json() for answer in answers] == [{"url": archive}] * 4
    assert await records(application, "archive") == 2
    assert await records(application, "default") == before


async def test_the_neighbours_keep_the_default_one(application):
    async with AppClient.of(application) as client:
        user = await client.sign_up()
        assert (await client.as_(user).get("/api/v1/users/me")).status_code == 200

    assert await records(application, "default") > 0
    assert await records(application, "archive") == 0


def test_a_database_that_nobody_set_is_refused(database_url, tmp_path):
    settings = settings_for(database_url, tmp_path, {})

    with pytest.raises(
        BootRefused, match=r"^Module archive keeps its tables in archive, and DATABASES__ARCHIVE__URL is not set\.$"
    ):
        create_application(settings, [ARCHIVE])
