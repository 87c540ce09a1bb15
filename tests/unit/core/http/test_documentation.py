"""OpenAPI and the documentation pages (R-010, R-248, R-249, R-306, R-342)."""

import re
from typing import Any

import orjson
import pytest

from mainspring import __version__
from mainspring.core.http import Router
from mainspring.core.http.contract_bounds import longest_of
from mainspring.core.http.yaml import to_yaml
from tests.integration.http.widgets import widget_routes

Make = Any


async def test_the_head_names_the_service_and_where_it_is(client: Make) -> None:
    document = (await client(widget_routes(), PUBLIC_URL="https://api.example.com").get("/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Mainspring"
    assert document["info"]["version"] == __version__
    assert [server["url"] for server in document["servers"]] == ["https://api.example.com", "http://127.0.0.1:8000"]


async def test_every_operation_says_who_may_come_in(client: Make) -> None:
    document = (await client(widget_routes()).get("/openapi.json")).json()

    create = document["paths"]["/api/v1/widgets"]["post"]
    assert create["operationId"] == "makeWidget"
    assert create["x-access"] == "widgets:make"
    assert {"BearerAuth": []} in create["security"]
    assert document["components"]["securitySchemes"]["BearerAuth"]["scheme"] == "bearer"
    assert set(document["components"]["securitySchemes"]) == {"BearerAuth", "CookieAuth"}, "only what somebody reads"


async def test_every_error_is_documented_in_our_form(client: Make) -> None:
    document = (await client(widget_routes()).get("/openapi.json")).json()

    answers = document["paths"]["/api/v1/widgets"]["post"]["responses"]
    assert set(answers) == {
        *("201", "400", "401", "403", "408", "409", "413", "415", "421", "422", "429", "431", "500", "503"),
    }
    assert "HTTPValidationError" not in str(document)


async def test_every_body_and_answer_has_an_example(client: Make) -> None:
    document = (await client(widget_routes()).get("/openapi.json")).json()

    create = document["paths"]["/api/v1/widgets"]["post"]
    made = create["responses"]["201"]["content"]["application/json"]["example"]
    assert create["requestBody"]["content"]["application/json"]["example"] == {"name": "Name", "size": 1}
    assert made == {"id": "019b76da-a800-7000-8000-000000000000", "name": "Name", "size": 1, "version": 1}
    assert "404" in document["paths"]["/api/v1/widgets/{id}"]["get"]["responses"]
    assert "content" not in document["components"]["responses"].pop("Error431")  # the server's own, before there is a request
    for answer in document["components"]["responses"].values():
        assert answer["content"]["application/json"]["example"]["error"]["code"]


async def test_validation_errors_are_documented_under_the_status_that_is_set(client: Make) -> None:  # D-16
    document = (await client(widget_routes(), VALIDATION_STATUS="400").get("/openapi.json")).json()

    assert "422" not in document["paths"]["/api/v1/widgets/{id}"]["get"]["responses"]
    assert "422" in document["paths"]["/api/v1/widgets"]["post"]["responses"]  # an Idempotency-Key that came with another body


async def test_references_lead_somewhere(client: Make) -> None:
    document = (await client(widget_routes()).get("/openapi.json")).json()

    for reference in set(re.findall(r'"#/([^"]+)"', orjson.dumps(document).decode())):
        place: Any = document
        for part in reference.split("/"):
            place = place[part]


async def test_yaml_says_the_same_as_json(client: Make) -> None:
    asked = client(widget_routes())

    answer = await asked.get("/openapi.yaml")

    assert answer.headers["content-type"] == "application/yaml"
    assert answer.text == to_yaml((await asked.get("/openapi.json")).json())


def test_yaml_is_written_in_blocks() -> None:
    assert to_yaml({"a": [1, {"b": "x: y"}], "c": {}, "d": []}) == '"a":\n  - 1\n  -\n    "b": "x: y"\n"c": {}\n"d": []\n'


async def test_the_page_loads_nothing_from_elsewhere_and_has_no_inline_script(client: Make) -> None:
    asked = client(widget_routes())

    page = await asked.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert not re.search(r"<script>|https?://", page.text)
    for path in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert (await asked.get(path)).status_code == 200, path


async def test_only_files_of_the_page_are_given_out(client: Make) -> None:
    assert (await client(widget_routes()).get("/docs/assets/..%2F__init__.py")).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/openapi.yaml", "/docs/assets/page.js"])
async def test_the_documentation_can_be_closed(client: Make, path: str) -> None:
    assert (await client(widget_routes(), DOCS_ENABLED="false").get(path)).status_code == 404


async def test_a_route_may_stay_out_of_the_document(client: Make) -> None:
    router = Router(include_in_schema=False, dependencies=widget_routes().dependencies)

    @router.get("/hidden")
    async def hidden() -> int:
        return 1

    assert (await client(router).get("/openapi.json")).json()["paths"] == {}


async def test_every_text_number_and_list_has_bounds(client: Make) -> None:
    document = (await client(widget_routes()).get("/openapi.json")).json()

    widget = document["components"]["schemas"]["WidgetOut"]["properties"]
    assert widget["id"]["maxLength"] == 36
    assert {"minimum", "maximum", "format"} <= set(widget["version"])
    for header in document["components"]["headers"].values():
        assert header["schema"].keys() & {"maxLength", "maximum"}


@pytest.mark.parametrize(
    ("pattern", "longest"),
    [
        ("^[a-z][a-z0-9_-]{1,49}$", 50),
        ("^[A-Z]{3}$", 3),
        (r"^v\d?$", 2),
        ("^[a-z]+$", None),
        ("[a-z]", None),
        ("^(a|bc)$", None),
    ],
)
def test_a_pattern_of_classes_and_repetitions_says_how_long_a_text_may_be(pattern: str, longest: int | None) -> None:
    assert longest_of(pattern) == longest
