"""The demo people (R-224)."""

from mainspring.modules.auth.seeds import PASSWORD, seed


async def test_fifty_people_are_made_once(application, app):
    told = []

    assert await seed(application, lambda done, total: told.append((done, total))) == 50
    assert await seed(application, lambda done, total: None) == 0

    assert told[-1] == (50, 50)
    assert (await app.sign_in("ada.allen@demo.example", PASSWORD)).email == "ada.allen@demo.example"
