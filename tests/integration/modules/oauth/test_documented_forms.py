"""What OpenAPI says of the provider's forms and pages is what they read and answer (RFC 6749 3.1, decision 189)."""

from typing import Any

from mainspring.core.security.tokens import AccessTokens
from mainspring.entrypoints.http import create_app
from mainspring.modules.oauth.forms import KNOWN, LONGEST_VALUE

FORM = "application/x-www-form-urlencoded"
AS_FORM = {"Content-Type": FORM}


def fields_of(document: dict[str, Any]) -> set[str]:
    """The name of every field and parameter of the provider's endpoints."""
    names: set[str] = set()
    for path, methods in document["paths"].items():
        for operation in methods.values() if path.startswith("/oauth/") else ():
            names |= {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            names |= set(
                operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {}).get("properties", ())
            )
    return names


async def test_every_documented_field_may_come_once_only(application) -> None:
    documented = fields_of(create_app(application).openapi())

    assert {"grant_type", "client_id", "user_code", "decision"} <= documented <= KNOWN


async def test_a_known_parameter_may_come_once_and_an_unknown_one_as_often_as_it_likes(app) -> None:
    known = await app.post("/oauth/token", content=b"grant_type=refresh_token&grant_type=x", headers=AS_FORM)
    unknown = await app.post("/oauth/token", content=b"x=1&x=2&grant_type=refresh_token", headers=AS_FORM)

    assert (known.status_code, known.json()["error_description"]) == (400, "A parameter comes twice.")
    assert "twice" not in unknown.json()["error_description"]


async def test_a_parameter_that_is_too_long_is_refused(app) -> None:
    answer = await app.get("/oauth/device", params={"user_code": "x" * (LONGEST_VALUE + 1)})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")


async def test_a_key_for_repetitions_takes_no_body_away(app) -> None:
    answers = [
        await app.post("/oauth/par", content=b"client_id=x", headers={**AS_FORM, "Idempotency-Key": "once"}) for _ in range(2)
    ]

    for answer in answers:
        assert answer.json()["error"] == "invalid_client"
        assert "idempotent-replayed" not in answer.headers


async def test_the_metadata_name_the_algorithm_of_the_keys_in_use(app) -> None:
    ring = app.application.resolve(AccessTokens).keys

    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        assert (await app.get(path)).json()["id_token_signing_alg_values_supported"] == [ring.algorithm]
