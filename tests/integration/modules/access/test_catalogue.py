"""Permissions are learnt from the modules at a start, once (R-107)."""

import asyncio

import pytest

from mainspring.core.security.permission import PERMISSIONS, Permission
from mainspring.modules.access.schemas import UpdateRole
from mainspring.modules.access.service import RoleService
from mainspring.modules.access.service.catalogue import sync


@pytest.fixture
def new_permission():
    permission = Permission("kites:fly", "Fly kites", roles=("user", "moderator"))
    yield permission
    del PERMISSIONS[permission]


async def holds(application, role):
    async with application.reading() as uow:
        return "kites:fly" in (await RoleService(uow).get(role)).permissions


async def test_a_new_permission_goes_to_its_default_roles(application, new_permission):
    await sync(application)

    assert await holds(application, "user")
    assert await holds(application, "moderator")
    assert await holds(application, "admin")
    assert not await holds(application, "guest")


async def test_what_an_administrator_took_away_stays_away(application, new_permission):
    await sync(application)
    async with application.unit() as uow:
        await RoleService(uow).update(None, "user", UpdateRole(permissions=[]))

    await sync(application)

    assert not await holds(application, "user")


async def test_processes_that_start_together_do_not_hinder_each_other(application, new_permission):
    await asyncio.gather(*(sync(application) for _ in range(5)))

    assert await holds(application, "user")
