"""The fixtures that module authors get."""

from sqlalchemy import literal, select

from mainspring.core.database import Statement

ONE = Statement(select(literal(1)), int)


async def test_a_test_gets_an_open_database_of_its_own(database, dialect):
    async with database.reading() as uow:
        assert await uow.value(ONE) == 1
    assert database.dialect == dialect


def test_settings_come_from_the_test_alone(settings, tmp_path):
    assert settings.app_env == "test"
    assert settings.data_dir == tmp_path / "data"
