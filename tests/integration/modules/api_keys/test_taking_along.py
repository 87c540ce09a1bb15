"""What is kept of somebody's keys: for him to take along, and gone once he is erased."""

from mainspring.core.personal_data import collected
from mainspring.core.security import key_text
from mainspring.modules.api_keys.service.keys import personal_data
from mainspring.modules.users.service import UserService


async def test_keys_are_taken_along_without_what_opens_them(app, ada, bob, robots):
    made = await robots.key(ada, "own:read", name="Shop robot")
    await robots.key(bob)

    data = (await collected(app.application, ada.id))["api_keys"]

    (key,) = data["keys"]
    assert (key["id"], key["name"], key["scopes"]) == (made["id"], "Shop robot", ["own:read"])
    hashed = key_text.hash_of(made["key"].encode())
    assert not any(secret in str(data) for secret in (made["key"], hashed, "hash"))


async def test_nothing_is_left_of_the_keys_of_somebody_who_was_erased(app, ada, robots):
    made = await robots.key(ada, "own:read")
    assert await robots.status(made["key"], "GET", "/users/me") == 200
    async with app.application.unit() as uow:
        await UserService(uow).erase(ada.id)

    refused = await robots.status(made["key"], "GET", "/users/me")
    await app.work()

    assert refused == await robots.status(made["key"], "GET", "/users/me") == 401
    async with app.application.reading() as uow:
        assert await personal_data(uow, ada.id) == {"keys": []}
