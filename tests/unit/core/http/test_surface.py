"""The surface of a program is made once for the same routers, and each program still remembers by itself."""

from pathlib import Path

import pytest

from mainspring.core.http import Router
from mainspring.core.http.dependencies import WriteUnit
from mainspring.core.http.planning import Shape
from mainspring.core.http.surface import surface_of
from mainspring.core.module import BootRefused
from mainspring.core.security.guard import public
from mainspring.core.settings import load_settings

SHAPE = Shape(1000, 10, "bare")


def routes() -> Router:
    router = Router(prefix="/notes", dependencies=[public])

    @router.post("", status_code=201)
    async def write() -> int:
        return 1

    return router


def test_the_same_routers_give_the_same_surface():
    router = routes()

    assert surface_of([router], SHAPE) is surface_of([router], SHAPE)


def test_other_routers_alike_to_the_letter_give_another_surface():
    assert surface_of([routes()], SHAPE) is not surface_of([routes()], SHAPE)


def test_another_limit_gives_other_plans():
    router = routes()

    (_, _, plan), *_ = surface_of([router], Shape(7, 10, "bare")).plans

    assert surface_of([router], SHAPE) is not surface_of([router], Shape(7, 10, "bare"))
    assert plan.body_limit == 7


def test_a_router_that_grew_is_looked_at_again():
    router = routes()
    before = surface_of([router], SHAPE)

    @router.get("")
    async def read() -> int:
        return 1

    assert len(surface_of([router], SHAPE).plans) == len(before.plans) + 1


def test_programs_share_no_requests_under_way(tmp_path: Path):
    router = Router(prefix="/keys", dependencies=[public])

    @router.post("", status_code=201)
    async def write(uow: WriteUnit) -> int:
        return 1

    surface = surface_of([router], SHAPE)
    settings = load_settings({"APP_ENV": "test"}, tmp_path, modules=(), make_secrets=False)
    (_, _, one), (_, _, other) = (*surface.plans_of(settings), *surface.plans_of(settings))

    assert one.idempotency is other.idempotency
    assert vars(one.idempotency) == {"in_unit": True, "replayable": True}  # what is under way is remembered by folder


def test_two_routes_of_one_name_stop_the_boot():
    other = Router(prefix="/letters", dependencies=[public])

    @other.post("")
    async def write() -> int:
        return 1

    with pytest.raises(BootRefused, match="/api/v1/notes and /api/v1/letters are both named 'write'"):
        surface_of([routes(), other], SHAPE)
