"""Programs that register themselves (RFC 7591): off unless a setting allows it, checked, marked, limited."""

import pytest
from pydantic import ValidationError

from mainspring.modules.oauth.rows import DEVICE
from mainspring.modules.oauth.settings import Settings

from .browser import CALLBACK, CLIENTS, Browser, Client

REGISTER = "/oauth/register"
TOKEN = "an initial access token of more than 32 characters"
WISH = {"client_name": "Calendar", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"]}


async def registered(app, **more):
    answer = await app.post(REGISTER, json={**WISH, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_nobody_registers_himself_unless_the_setting_says_so(app):
    answer = await app.post(REGISTER, json=WISH)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "oauth.registration_off")
    assert "registration_endpoint" not in (await app.get("/.well-known/openid-configuration")).json()


class TestOpen:
    """Every program may."""

    @pytest.fixture
    def environment(self):
        return {"OAUTH__REGISTRATION": "open"}

    async def test_a_program_becomes_a_client_and_is_marked_as_unchecked(self, app, manager):
        told = await registered(app, scope="openid profile", software_id="left alone")
        assert told["client_secret"].startswith("mcs_")
        assert (told["client_secret_expires_at"], told["scope"], told["response_types"]) == (0, "openid profile", ["code"])
        assert told["token_endpoint_auth_method"] == "client_secret_basic"
        client, browser, user = Client(app, told["client_id"], told["client_secret"]), Browser(app), await app.sign_up()

        consent = await browser.sign_in(await browser.get(client.request("openid profile")), user)

        assert "Nobody here has checked" in consent.text
        shown = (await app.as_(manager).get(f"{CLIENTS}/{client.id}")).json()
        assert (shown["registeredItself"], shown["createdBy"]) == (True, None)
        assert "id_token" in await client.tokens(await app.sign_up(), "openid profile")

    async def test_a_public_one_gets_no_secret(self, app):
        told = await registered(app, token_endpoint_auth_method="none")

        assert "client_secret" not in told

    async def test_discovery_names_the_endpoint(self, app):
        assert (await app.get("/.well-known/openid-configuration")).json()["registration_endpoint"].endswith(REGISTER)

    WRONG = [
        ({"redirect_uris": ["http://app.example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example.com/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["com.example.app:/callback"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example.com/"}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_client_metadata"),
        ({"redirect_uris": [CALLBACK] * 21}, "invalid_redirect_uri"),
        ({"post_logout_redirect_uris": ["http://app.example.com/"]}, "invalid_redirect_uri"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["refresh_token"], "redirect_uris": []}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"scope": "openid users:read"}, "invalid_client_metadata"),
        ({"scope": "own:read"}, "invalid_client_metadata"),
        ({"client_name": "x" * 101}, "invalid_client_metadata"),
        ({"client_name": "a\u202eb"}, "invalid_client_metadata"),
    ]

    @pytest.mark.parametrize(("more", "error"), WRONG)
    async def test_what_a_program_says_is_checked(self, app, more, error):
        answer = await app.post(REGISTER, json={**WISH, **more})

        assert (answer.status_code, answer.json()["error"]) == (400, error)

    @pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b'"x"'])
    async def test_a_body_that_is_none_is_refused(self, app, body):
        answer = await app.post(REGISTER, content=body, headers={"Content-Type": "application/json"})

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")

    async def test_loopback_and_devices_are_fine(self, app):
        told = await registered(app, redirect_uris=["http://127.0.0.1/"], grant_types=["authorization_code", DEVICE])

        assert told["grant_types"] == ["authorization_code", DEVICE]

    async def test_one_network_registers_twenty_in_a_quarter_of_an_hour(self, app):
        statuses = [(await app.post(REGISTER, json=WISH)).status_code for _ in range(21)]

        assert statuses == [201] * 20 + [429]


class TestToken:
    """Those may that show the initial access token."""

    @pytest.fixture
    def environment(self):
        return {"OAUTH__REGISTRATION": "token", "OAUTH__REGISTRATION_TOKEN": TOKEN}

    @pytest.mark.parametrize("header", [None, "Bearer x", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"])
    async def test_without_the_token_nobody_does(self, app, header):
        answer = await app.post(REGISTER, json=WISH, headers={} if header is None else {"Authorization": header})

        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"].startswith("Bearer")

    async def test_with_it_a_program_does(self, app):
        answer = await app.post(REGISTER, json=WISH, headers={"Authorization": f"Bearer {TOKEN}"})

        assert answer.status_code == 201


@pytest.mark.parametrize("token", [None, "short"])
def test_the_setting_needs_a_token_that_nobody_guesses(token):
    with pytest.raises(ValidationError, match="at least 32 characters"):
        Settings.model_validate({"registration": "token", "registration_token": token})
