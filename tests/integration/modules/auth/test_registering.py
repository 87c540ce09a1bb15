"""Making an account for oneself."""

import asyncio

import pytest

from mainspring.testing.client import PASSWORD

pytestmark = pytest.mark.anyio

REGISTER = "/api/v1/auth/register"
WISH = {"email": "ada@example.com", "password": PASSWORD, "name": "Ada Lovelace"}


async def test_registering_makes_a_user_with_the_default_role(app):
    #
    answer = await app.post(REGISTER, json={**WISH, "email": "  Ada@Example.COM "})

    assert answer.status_code == 201
    user = answer.json()
    assert answer.headers["location"] == f"/api/v1/users/{user['id']}"
    assert user["email"] == "ada@example.com"
    assert user["roles"] == ["user"]
    assert user["isActive"] is True
    assert user["emailVerified"] is False
    assert "hash" not in answer.text
    assert PASSWORD not in answer.text


async def test_an_address_has_one_account(app):
    # R-056, D-17
    await app.post(REGISTER, json=WISH)

    answer = await app.post(REGISTER, json={**WISH, "email": "ADA@example.com"})

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "users.email_taken"
    assert answer.json()["error"]["message"] == "Email already exists"
    assert answer.json()["error"]["details"][0]["field"] == "email"


async def test_of_ten_who_register_one_address_at_once_one_wins(app):
    answers = await asyncio.gather(*(app.post(REGISTER, json=WISH) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_all_mistakes_are_told_at_once_in_plain_words(app):
    #
    answer = await app.post(REGISTER, json={"email": "nobody", "password": "short", "name": "", "role": "admin"})

    assert answer.status_code == 422
    told = {mistake["field"]: mistake["message"] for mistake in answer.json()["error"]["details"]}
    assert told["email"] == "Email must be a valid e-mail address"
    assert told["name"] == "Name is required"
    assert "role" in told
    assert "short" not in answer.text


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "Password must be at least 8 characters"),
        ("x" * 129, "Password must be at most 128 characters"),
    ],
)
async def test_the_length_of_a_password_is_checked(app, password, message):
    #
    answer = await app.post(REGISTER, json={**WISH, "password": password})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == "password"
    assert answer.json()["error"]["details"][0]["message"] == message


@pytest.mark.parametrize("password", ["ada@example.com", "adalovelace"])
async def test_words_about_the_user_are_no_password(app, password):
    # D-13
    answer = await app.post(REGISTER, json={**WISH, "password": password})

    assert answer.status_code == 422
    assert password not in answer.text


async def test_a_common_password_is_refused(app):
    # R-053, D-13
    answer = await app.post(REGISTER, json={**WISH, "password": "Password123"})

    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["code"] == "common"
    assert "Password123" not in answer.text
