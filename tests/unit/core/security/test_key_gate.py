"""Programs come in with API keys (R-099): what opens, what is refused, what is counted."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine

from mainspring.core import clock, ids
from mainspring.core.context import CURRENT, Context
from mainspring.core.errors import TooManyRequests
from mainspring.core.limits.budgets import Budgets
from mainspring.core.limits.failures import FailureLimit
from mainspring.core.limits.lending import ByStore
from mainspring.core.observability.logs import captured_logs
from mainspring.core.runtime import Runtime
from mainspring.core.security import key_text
from mainspring.core.security.authenticator import Authenticator
from mainspring.core.security.csrf import CsrfTokens
from mainspring.core.security.key_gate import KeyGate
from mainspring.core.security.key_uses import KeyUses
from mainspring.core.security.keys import KeyRing
from mainspring.core.security.ports import Held, KeyState
from mainspring.core.security.principal import Principal
from mainspring.core.security.refusals import CredentialRefused
from mainspring.core.security.snapshots import KeySnapshots, Snapshots
from mainspring.core.security.tokens import AccessTokens
from tests.unit.core.limits.test_budgets import Shelf

HERE = "203.0.113.7"


class House:
    """A gate over keys kept in a dict."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.keys: dict[UUID, KeyState] = {}
        self.held_now = Held(frozenset({"user"}), frozenset({"orders:read", "orders:place", "own:read"}))
        self.asked = 0
        self.noted: list[set[UUID]] = []
        self.runtime = Runtime(folder)
        self.shelf = Shelf()
        self.snapshots = KeySnapshots(self.reading, self, self)
        self.seconds = 100.0
        self.uses = KeyUses(self, monotonic=lambda: self.seconds)
        failures = FailureLimit(self.runtime, purpose="api_keys")
        self.gate = KeyGate(self.snapshots, Budgets(ByStore(self.shelf)), self.uses, failures, live=True, **options)

    def make(self, *scopes: str, **changes: Any) -> bytes:
        key_id, later = ids.new(), clock.after(timedelta(days=1))
        text = key_text.make(key_id, live=True).encode()
        state = KeyState(
            key_id, ids.new(), "robot@service.example", frozenset(scopes), {key_text.hash_of(text): later}, later, 100
        )
        self.keys[key_id] = replace(state, **changes)
        return text

    def change(self, text: bytes, **changes: Any) -> None:
        key_id = key_text.id_of(text, live=True)
        assert key_id is not None
        self.keys[key_id] = replace(self.keys[key_id], **changes)
        self.snapshots.forget_session(key_id)

    async def asks(self, text: bytes) -> Principal | str:
        CURRENT.set(Context(address=HERE))
        try:
            return await self.gate.principal(text)
        except CredentialRefused as refused:
            return refused.reason if str(refused) == "The API key is not accepted." else str(refused)
        except TooManyRequests:
            return "too many"

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        yield None

    async def live(self, uow: Any, key_ids: Sequence[UUID]) -> dict[UUID, KeyState]:
        self.asked += 1
        await asyncio.sleep(0)
        return {id: self.keys[id] for id in key_ids if id in self.keys}

    async def held(self, uow: Any, user_ids: Sequence[UUID]) -> dict[UUID, Held]:
        return dict.fromkeys(user_ids, self.held_now)

    async def used(self, key_ids: Collection[UUID]) -> None:
        self.noted.append(set(key_ids))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    yield house
    await house.snapshots.stop()
    await house.uses.stop()
    house.runtime.close()


async def test_a_key_may_what_its_scopes_and_its_owner_allow(house: House) -> None:
    principal = await house.asks(house.make("orders:read", "users:delete"))

    assert isinstance(principal, Principal)
    assert (principal.roles, principal.permissions) == (frozenset(), frozenset({"orders:read"}))
    assert principal.is_key
    assert principal.key_id == principal.session_id


async def test_a_key_of_an_administrator_has_no_role_and_its_scopes_only(house: House) -> None:
    house.held_now = Held(frozenset({"admin"}), frozenset({"orders:read", "users:delete"}))

    principal = await house.asks(house.make("orders:read"))

    assert isinstance(principal, Principal)
    assert principal.may("orders:read")
    assert not principal.may("users:delete")


async def test_what_the_owner_loses_the_key_loses(house: House) -> None:
    text = house.make("orders:read")
    await house.asks(text)
    house.held_now = Held()

    house.snapshots.forget_all()

    principal = await house.asks(text)
    assert isinstance(principal, Principal)
    assert not principal.may("orders:read")


async def test_a_session_of_the_owner_that_is_forgotten_takes_his_keys_along(house: House) -> None:
    sessions: Snapshots[Any] = Snapshots(house.reading, house, house, followers=(house.snapshots,))
    text = house.make()
    principal = await house.asks(text)
    assert isinstance(principal, Principal)
    before = house.asked

    sessions.forget_user(principal.id)
    await house.asks(text)
    sessions.forget_all()
    await house.asks(text)

    assert house.asked - before == 2


async def test_the_reasons_of_a_refusal(house: House) -> None:
    good = house.make()
    later = clock.after(timedelta(days=1))
    forged = key_text.make(next(iter(house.keys)), live=True).encode()
    unknown = key_text.make(ids.new(), live=True).encode()
    revoked = house.make(ended="revoked")
    expired = house.make(ended="expired", expires_at=clock.after(timedelta(days=-1)))

    assert [await house.asks(text) for text in (b"noise", forged, unknown, revoked)] == [
        "token_invalid",
        "token_invalid",
        "token_invalid",
        "token_revoked",
    ]
    assert await house.asks(expired) == "token_expired"
    house.change(good, expires_at=later)
    assert isinstance(await house.asks(good), Principal)


async def test_only_whoever_has_the_secret_hears_that_a_key_has_ended(house: House) -> None:
    house.make(ended="revoked")
    house.make(ended="expired")

    guesses = [key_text.make(key_id, live=True).encode() for key_id in house.keys]

    assert [await house.asks(guess) for guess in guesses] == ["token_invalid", "token_invalid"]


async def test_a_slip_of_the_hand_costs_no_look(house: House) -> None:
    text = house.make()

    assert await house.asks(text[:-1] + (b"0" if text[-1:] != b"0" else b"1")) == "token_invalid"

    assert house.asked == 0


async def test_an_old_secret_ends_with_the_overlap_and_the_new_one_goes_on(house: House) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        old = house.make()
        key_id = key_text.id_of(old, live=True)
        assert key_id is not None
        new = key_text.make(key_id, live=True).encode()
        soon, later = clock.after(timedelta(hours=1)), clock.after(timedelta(days=1))
        house.change(old, secrets={key_text.hash_of(old): soon, key_text.hash_of(new): later})
        assert [isinstance(await house.asks(text), Principal) for text in (old, new)] == [True, True]

        traveller.shift(3601)

        assert await house.asks(old) == "token_expired"
        assert await house.asks(old) == "token_expired"
        assert isinstance(await house.asks(new), Principal)


async def test_a_revoked_key_is_refused_once_the_snapshot_is_forgotten(house: House) -> None:
    text = house.make()
    assert isinstance(await house.asks(text), Principal)

    house.change(text, ended="revoked")

    assert await house.asks(text) == "token_revoked"


async def test_five_failures_and_the_sixth_is_told_to_wait_but_a_good_key_comes_in(house: House) -> None:
    good = house.make()

    bad = [await house.asks(b"noise") for _ in range(7)]

    assert bad == ["token_invalid"] * 5 + ["too many"] * 2
    assert isinstance(await house.asks(good), Principal)


async def test_failures_of_keys_do_not_lock_people_out_and_the_other_way(house: House) -> None:
    people = FailureLimit(house.runtime)
    for _ in range(6):
        await house.asks(b"noise")

    async with people.unguessed(HERE):
        pass


async def test_a_forged_and_a_revoked_key_are_security_events_and_noise_is_not(house: House) -> None:
    text = house.make()
    forged = key_text.make(next(iter(house.keys)), live=True).encode()
    revoked = house.make(ended="revoked")

    with captured_logs() as lines:
        for sent in (b"noise", forged, revoked):
            await house.asks(sent)

    assert [line["activity"] for line in lines] == ["forged_api_key", "revoked_api_key"]
    assert not any(sent.decode()[-40:] in str(lines) for sent in (text, forged, revoked))


async def test_a_key_that_used_its_budget_up_is_told_to_wait(house: House) -> None:
    text = house.make(per_minute=3)

    assert [isinstance(await house.asks(text), Principal) for _ in range(4)] == [True, True, True, False]


async def test_without_limits_there_is_no_budget(tmp_path: Path) -> None:
    house = House(tmp_path, limited=False)
    text = house.make(per_minute=1)

    assert [isinstance(await house.asks(text), Principal) for _ in range(5)] == [True] * 5
    assert house.shelf.changes == 0
    await house.snapshots.stop()
    await house.uses.stop()
    house.runtime.close()


async def test_only_good_texts_are_remembered_and_never_too_many(tmp_path: Path) -> None:
    house = House(tmp_path, remembered=10)

    for _ in range(30):
        await house.asks(house.make())
        await house.asks(b"noise")

    assert len(house.gate._known) == 10
    await house.snapshots.stop()
    await house.uses.stop()
    house.runtime.close()


async def test_a_known_key_costs_microseconds(house: House) -> None:
    text = house.make(per_minute=1_000_000)
    await house.asks(text)

    async def cost() -> float:
        began = time.perf_counter()
        for _ in range(500):
            await house.gate.principal(text)
        return (time.perf_counter() - began) / 500

    assert min([await cost() for _ in range(20)]) < 60e-6


async def test_uses_are_noted_once_a_minute_and_together(house: House) -> None:
    one, other = house.make(), house.make()
    for text in (one, other, one):
        await house.asks(text)
    house.seconds += 59
    await house.asks(one)
    await house.uses.stop()
    assert house.noted == [set(house.keys)]

    house.seconds += 2
    await house.asks(one)
    await house.uses.stop()

    assert house.noted[1:] == [{key_text.id_of(one, live=True)}]


async def test_uses_are_written_behind_the_requests(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainspring.core.security.key_uses.GATHER", 0.01)
    monkeypatch.setattr("mainspring.core.security.key_uses.CAPACITY", 1)
    await house.asks(house.make())
    await asyncio.sleep(0.05)
    house.seconds += 61
    await house.asks(house.make())
    await asyncio.sleep(0.05)

    assert [len(noted) for noted in house.noted] == [1, 1]
    assert len(house.uses._again) == 1


class Door:
    """An authenticator that takes tokens and keys."""

    def __init__(self, house: House) -> None:
        tokens = AccessTokens(_keys(), issuer="https://api.example.com", audience="api")
        self.authenticator = Authenticator(
            tokens, Snapshots(house.reading, house, house), CsrfTokens(["s" * 32]), keys=house.gate
        )  # type: ignore[arg-type]  # no session is asked for

    async def asks(self, *headers: tuple[bytes, bytes]) -> str:
        CURRENT.set(Context(address=HERE))
        try:
            principal = await self.authenticator.principal({"headers": headers, "method": "GET"})
        except CredentialRefused as refused:
            return refused.reason
        return "nobody" if principal is None else "key" if principal.is_key else "person"


def _keys() -> KeyRing:
    from joserfc.jwk import OKPKey

    return KeyRing(OKPKey.generate_key("Ed25519"), algorithm="EdDSA")


async def test_a_key_counts_only_where_no_other_credential_is(house: House) -> None:
    door, key = Door(house), (b"x-api-key", house.make())

    assert await door.asks(key) == "key"
    assert await door.asks((b"cookie", b"theme=dark"), key) == "key"
    assert await door.asks((b"host", b"localhost")) == "nobody"
    for other in (
        (b"authorization", b"Bearer nonsense"),
        (b"authorization", b"Bearer " + key[1]),
        (b"cookie", b"accessToken=nonsense"),
        (b"x-access-token", b"nonsense"),
        (b"x-access-token", key[1]),
    ):
        assert await door.asks(other, key) == await door.asks(key, other) == "token_invalid"


async def test_a_key_sent_twice_is_refused(house: House) -> None:
    key = (b"x-api-key", house.make())

    assert await Door(house).asks(key, key) == "token_invalid"
