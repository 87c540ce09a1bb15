"""Token keys change with overlap, for all processes, and never twice at once (R-066, R-087, D-02, ASVS 11.1.1)."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from joserfc.jwk import OKPKey
from pydantic import SecretStr
from sqlalchemy import select

from mainspring.core import clock, ids
from mainspring.core.audit.models import AuditEntry
from mainspring.core.audit.seals import KeyUnknown, Seals, Word
from mainspring.core.database import Statement, bind
from mainspring.core.errors import Conflict, NotFound
from mainspring.core.security.keys import read_key
from mainspring.core.security.refusals import TokenInvalid
from mainspring.core.security.tokens import AccessTokens
from mainspring.core.token_keys.jobs import change_token_keys
from mainspring.core.token_keys.keeper import TokenKeyKeeper
from mainspring.core.token_keys.plan import AHEAD, KEPT, Plan
from mainspring.testing.client import PASSWORD
from tests.integration.races import assert_won_once

SECOND = timedelta(seconds=1)
TOLD = Statement(
    select(AuditEntry.action).where(AuditEntry.resource_id == bind("id", AuditEntry.resource_id)).order_by(AuditEntry.id), str
)


@pytest.fixture
def later():
    """Moves the clock."""
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller.shift


def tokens(application):
    return application.resolve(AccessTokens)


def issued(application):
    return tokens(application).issue(ids.new(), ids.new()).text


def kid_of_ring(application):
    return tokens(application).keys.signing_id


async def published(app):
    return [key["kid"] for key in (await app.get("/.well-known/jwks.json")).json()["keys"]]


async def test_the_first_key_is_made_sealed_and_shared(app, application, store, machine, settings):
    (key,) = await store.keys()

    assert await published(app) == [key.key_id]
    assert "PRIVATE KEY" not in key.sealed
    assert not (settings.data_dir / "keys" / "jwt-eddsa.pem").exists()
    async with machine() as other:
        tokens(other).verify(issued(application))
        tokens(application).verify(issued(other))


async def test_machines_that_start_at_once_share_one_key(machine, store):
    async def start():
        async with machine() as other:
            return kid_of_ring(other)

    assert len(set(await asyncio.gather(*(start() for _ in range(5))))) == 1
    assert len(await store.keys()) == 1


async def test_a_rotation_is_seen_before_it_signs_and_its_elder_stays_until_the_end(app, application, store, keeper, later):
    ada = await app.sign_up()
    old = kid_of_ring(application)
    token = issued(application)

    new = (await store.rotate()).key.key_id
    await keeper.look()
    assert await published(app) == [old, new]
    assert kid_of_ring(application) == old

    later(AHEAD)
    await keeper.look()
    assert await published(app) == [new, old]
    assert kid_of_ring(application) == new
    tokens(application).verify(token)
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 200

    later(KEPT)
    await keeper.look()
    assert await published(app) == [new]


async def test_another_machine_learns_of_it_by_itself(application, store, machine, monkeypatch):
    monkeypatch.setattr("mainspring.core.token_keys.keeper.POLL", timedelta(milliseconds=20))
    async with machine() as other:
        new = (await store.rotate(at_once=True)).key.key_id
        async with asyncio.timeout(10):
            while kid_of_ring(other) != new:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("at_once", [False, True])
async def test_two_who_rotate_at_once_make_one_key(store, machine, at_once):
    async with machine() as other:
        stores = [store, other.resolve(TokenKeyKeeper).store] * 5
        seen = (await store.keys())[0].generation

        rotations = await asyncio.gather(*(one.rotate(at_once=at_once, seen=seen) for one in stores))

    assert_won_once([201 if rotation.is_new else 200 for rotation in rotations], 201, 200)
    assert len({rotation.key.key_id for rotation in rotations}) == 1
    assert [key.generation for key in await store.keys()] == [2, 1]


async def test_a_key_that_waits_is_not_made_twice(store):
    first, second = await store.rotate(), await store.rotate()

    assert (first.is_new, second.is_new) == (True, False)
    assert first.key.key_id == second.key.key_id


async def test_the_job_changes_keys_in_time_and_destroys_old_ones(application, store, keeper, later):
    await change_token_keys(application)
    assert len(await store.keys()) == 1

    later(timedelta(days=90) - AHEAD)
    await asyncio.gather(*(change_token_keys(application) for _ in range(4)))
    new, old = await store.keys()
    assert new.signs_from >= old.signs_from + timedelta(days=90)
    later(AHEAD + KEPT + SECOND)
    await change_token_keys(application)

    new, old = await store.keys()
    assert (new.sealed is None, old.sealed is None, old.ended_at is None) == (False, True, False)
    await keeper.look()
    assert kid_of_ring(application) == new.key_id


async def test_a_retired_key_opens_nothing_and_another_signs(app, application, store, keeper):
    ada = await app.sign_up()
    token, (old,) = issued(application), await store.keys()

    successor = await store.retire(old.key_id)
    await keeper.look()

    assert kid_of_ring(application) == successor.key_id
    assert await published(app) == [successor.key_id]
    with pytest.raises(TokenInvalid):
        tokens(application).verify(token)
    assert (await app.as_(ada).get("/api/v1/users/me")).status_code == 401
    again = await app.post("/api/v1/auth/refresh", json={"refreshToken": ada.refresh_token})
    assert again.status_code == 200
    assert (await store.keys())[1].sealed is None
    with pytest.raises(Conflict):
        await store.retire(old.key_id)
    with pytest.raises(NotFound):
        await store.retire("nobody")


async def test_retiring_the_next_key_leaves_the_one_of_now(application, store, keeper):
    old = kid_of_ring(application)
    waiting = (await store.rotate()).key

    assert await store.retire(waiting.key_id) is None
    await keeper.look()

    assert kid_of_ring(application) == old


async def test_checkpoints_of_an_ended_key_stay_believed_unless_it_leaked(application, store, keeper, later):
    seals = application.resolve(Seals)
    word = Word("head", ids.new(), 7, b"x" * 32, clock.now())
    first = seals.sign(word)
    await store.rotate(at_once=True)
    later(KEPT + SECOND)
    await change_token_keys(application)
    await keeper.look()
    second, second_key = seals.sign(word), kid_of_ring(application)

    assert seals.open(first) == seals.open(second) == word
    await store.retire(second_key, leaked=True)
    await keeper.look()

    assert seals.open(first) == word
    with pytest.raises(KeyUnknown):
        seals.open(second)


async def test_the_trail_tells_of_each_change(application, store):
    made = (await store.rotate()).key.key_id
    await store.retire(made)

    async with application.reading() as uow:
        assert await uow.all(TOLD, id=made) == ["TOKEN_KEY_MADE", "TOKEN_KEY_RETIRED"]


async def test_another_encryption_key_makes_a_new_one_and_old_tokens_stay_good(application, machine, store):
    token = issued(application)

    async with machine(encryption_key=(SecretStr("another key that encrypts in tests and nowhere else"),)) as other:
        tokens(other).verify(token)
        assert kid_of_ring(other) != kid_of_ring(application)
    assert len(await store.keys()) == 2


async def test_keys_are_sealed_anew_when_the_encryption_key_rotates(machine, store, settings):
    (before,) = await store.keys()
    secrets = (SecretStr("another key that encrypts in tests and nowhere else"), *settings.encryption_key)

    async with machine(encryption_key=secrets) as other:
        await change_token_keys(other)
        (after,) = await store.keys()
        assert after.sealed != before.sealed
    async with machine(encryption_key=secrets[:1]) as other:
        assert kid_of_ring(other) == after.key_id


async def test_a_change_of_algorithm_overlaps_too(application, machine, store):
    token = issued(application)

    async with machine(jwt_algorithm="ES256") as other:
        tokens(other).verify(token)
        newest, old = await store.keys()
        assert (newest.algorithm, old.algorithm) == ("ES256", "EdDSA")
        assert Plan([newest, old], clock.now()).signing == old


class TestAfterAnOlderVersion:
    """Its key lies unsealed in the data folder."""

    async def test_its_key_is_taken_over(self, settings, empty_database_url, machine):
        key = OKPKey.generate_key("Ed25519")
        file = settings.data_dir / "keys" / "jwt-eddsa.pem"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(key.as_pem(private=True))

        async with machine() as first:
            assert kid_of_ring(first) == read_key(file.read_bytes(), "the file").thumbprint()


async def test_a_person_signs_in_and_out_with_keys_of_the_database(app):
    ada = await app.sign_up()

    answer = await app.post("/api/v1/auth/login", json={"email": ada.email, "password": PASSWORD})

    assert answer.status_code == 200
