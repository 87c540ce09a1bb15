"""Tokens that somebody made up, bent or stole are refused with their reason, wherever they come in.

None ends in another exception, and none makes the server ask anybody (R-072, R-073, R-082, D-02, D-08, D-09, RFC 8725, RFC 9068,
ASVS 9).
"""

import select
import socket
from collections.abc import Iterator
from uuid import UUID

import pytest

from mainspring.core.security.refusals import CredentialRefused, TokenExpired, TokenInvalid
from mainspring.testing.client import AppClient, SignedIn

from .crafted_tokens import AUDIENCE, CRAFTED, ELSEWHERE, ISSUER, WHO, good_claims, good_header, now, ours, signed, stranger
from .test_access_matrix import rows

PLACES = {
    "bearer": lambda token: {b"authorization": b"Bearer " + token},
    "bearer in small letters": lambda token: {b"authorization": b"bearer " + token},
    "other header": lambda token: {b"x-access-token": token},
    "cookie": lambda token: {b"cookie": b"accessToken=" + token},
}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_token_is_invalid(name: str) -> None:
    token = CRAFTED[name]()

    with pytest.raises(TokenInvalid) as refusal:
        ours().verify(token)

    assert refusal.value.details == {"reason": "token_invalid"}


def test_there_are_more_than_sixty_crafted_tokens() -> None:
    assert len(CRAFTED) > 60


def test_the_same_claims_well_signed_are_accepted() -> None:
    claims = ours().verify(signed(good_header(), good_claims()))

    assert (claims.user_id, claims.session_id, claims.token_id) == (UUID(WHO["sub"]), UUID(WHO["sid"]), "0" * 32)


def test_an_old_token_is_expired_not_invalid() -> None:
    with pytest.raises(TokenExpired) as refusal:
        ours().verify(signed(good_header(), good_claims(iat=now() - 1000, nbf=now() - 1000, exp=now() - 1)))

    assert refusal.value.details == {"reason": "token_expired"}


def test_an_old_token_of_a_stranger_is_invalid_not_expired() -> None:
    with pytest.raises(TokenInvalid):
        ours().verify(signed(good_header(), good_claims(iat=now() - 1000, nbf=now() - 1000, exp=now() - 1), stranger()))


def test_a_clock_some_seconds_ahead_of_ours_is_borne() -> None:
    ours().verify(signed(good_header(), good_claims(iat=now() + 2, nbf=now() + 2)))


@pytest.mark.parametrize("byte", range(256))
def test_no_byte_breaks_the_verifier(byte: int) -> None:
    good = signed(good_header(), good_claims()).encode()

    with pytest.raises(CredentialRefused):
        ours().verify(good[:40] + bytes([byte, byte ^ 1]) + good[41:])


@pytest.fixture
def environment() -> dict[str, str]:
    """An application whose keys, issuer and audience are those of the crafted tokens."""
    private = bytes(ours().keys.signing.as_pem(private=True)).decode()
    return {"JWT_PRIVATE_KEY": private, "JWT_PUBLIC_KEY": "", "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE}


@pytest.fixture
async def victim(app: AppClient, monkeypatch: pytest.MonkeyPatch) -> SignedIn:
    """Somebody with a living session, an administrator, whom every crafted token claims to be."""
    user = await app.sign_up()
    await app.give_role(user, "admin")
    claims = ours().verify(user.access_token)
    monkeypatch.setitem(WHO, "sub", str(claims.user_id))
    monkeypatch.setitem(WHO, "sid", str(claims.session_id))
    return user


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A server where a credulous verifier would fetch the key of a stranger; nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setitem(ELSEWHERE, "url", f"http://127.0.0.1:{listener.getsockname()[1]}")
        looked_up: list[object] = []
        monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **_: looked_up.append(asked) or [])
        yield listener
        assert select.select([listener], [], [], 0.05)[0] == []
        assert looked_up == []


def crafted(name: str) -> bytes:
    return CRAFTED[name]().encode("utf-8", "replace")


@pytest.mark.parametrize("place", PLACES)
async def test_no_crafted_token_comes_in_anywhere(app: AppClient, victim: SignedIn, elsewhere: socket.socket, place: str) -> None:
    async def status(token: bytes) -> int:
        answer = await app.get("/api/v1/admin/users", headers=PLACES[place](token))
        return answer.status_code

    assert await status(signed(good_header(), good_claims()).encode()) == 200  # what each of them differs from in one point
    came_in = {name: code for name in CRAFTED if (code := await status(crafted(name))) != 401}

    assert came_in == {}


async def test_no_guarded_route_takes_one(app: AppClient, victim: SignedIn, elsewhere: socket.socket) -> None:
    chosen = ["alg none without signature", "HS256 with the public key as PEM", "own key in jwk", "jku", "without exp", "nothing"]
    guarded = [route for route, row in rows().items() if row["anonymous"] == "401"]
    assert len(guarded) > 30

    wrong = {}
    for route in guarded:
        method, path = route.split()
        path = path.translate(str.maketrans("", "", "{}"))
        for name in chosen:
            for place in ("bearer", "other header"):
                headers = {b"content-type": b"application/json"} | PLACES[place](crafted(name))
                answer = await app.request(method, path, headers=headers, content=b"{}")
                if answer.status_code != 401:
                    wrong[route, name, place] = answer.status_code
    assert wrong == {}


async def test_a_token_of_another_user_s_session_is_refused(app: AppClient, victim: SignedIn) -> None:
    other = await app.sign_up()
    mixed = signed(good_header(), good_claims(sub=str(other.id)))

    answer = await app.get("/api/v1/users/me", headers={"Authorization": f"Bearer {mixed}"})

    assert (answer.status_code, answer.json()["error"]["details"]) == (401, {"reason": "token_invalid"})


async def test_a_crafted_token_does_not_fall_through_to_a_good_one(app: AppClient, victim: SignedIn) -> None:
    good, bad = signed(good_header(), good_claims()).encode(), crafted("alg none")

    answer = await app.get("/api/v1/users/me", headers=PLACES["bearer"](bad) | PLACES["other header"](good))

    assert answer.status_code == 401
