"""The OpenAPI document of the whole product is complete and true (R-010, R-012, R-335)."""

import re
from typing import Any, get_args

import orjson
from fastapi.routing import iter_route_contexts
from pydantic import ValidationError

from mainspring.core import ids
from mainspring.core.application import Application
from mainspring.core.http.examples import example_of
from mainspring.entrypoints.http import create_app
from mainspring.testing.client import AppClient


async def test_every_operation_is_documented_to_the_end(application: Application) -> None:
    document = create_app(application).openapi()

    operations = [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        if path.startswith("/api/")
        for method, operation in methods.items()
    ]
    assert len(operations) > 20
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for name, operation in operations:
        assert operation["description"], name
        assert operation["tags"], name
        assert operation["x-access"], name
        answers = operation["responses"]
        assert [status for status in answers if status.startswith("2") or status == "302"], name
        assert {"400", "421", "429", "500", "503"} <= set(answers), name
        if operation["security"]:
            assert {"401", "403"} <= set(answers), name
        if "{" in name:
            assert "404" in answers, name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(answers), name
            assert operation["requestBody"]["content"]["application/json"]["example"], name
        for status, answer in answers.items():
            content: dict[str, Any] = answer.get("content", {}).get("application/json", {})
            if "$ref" in answer:
                continue
            assert {"X-Request-ID", "RateLimit", "RateLimit-Policy"} <= set(answer["headers"]), (name, status)
            assert not content or content.keys() & {"example", "examples"}, (name, status)


async def test_every_reference_leads_somewhere(application: Application) -> None:
    document = create_app(application).openapi()

    for reference in set(re.findall(r'"#/([^"]+)"', orjson.dumps(document).decode())):
        place: Any = document
        for part in reference.split("/"):
            place = place[part]


def model_of(annotation: Any) -> Any:
    """The model of a body; where the body may be left out, the one of `Model | None`."""
    return next((part for part in get_args(annotation) if part is not type(None)), annotation)


async def test_examples_of_bodies_are_accepted_by_their_own_rules(application: Application) -> None:
    program = create_app(application)
    schemas = program.openapi()["components"]["schemas"]

    refused = []
    for route in iter_route_contexts(program.api.routes):
        if route.body_field is not None:
            kind = model_of(route.body_field.field_info.annotation)
            try:
                kind.model_validate(example_of(schemas[kind.__name__], schemas))
            except ValidationError as problem:
                refused.append((kind.__name__, [(error["loc"], error["type"]) for error in problem.errors()]))
    assert refused == []


async def test_options_and_405_allow_what_is_documented(app: AppClient) -> None:
    document = app.program.openapi()

    for path, methods in document["paths"].items():
        known = {method.upper() for method in methods} | {"OPTIONS"} | ({"HEAD"} if "get" in methods else set())
        asked = re.sub(r"\{[^}]+\}", str(ids.new()), path)
        options, refused = await app.request("OPTIONS", asked), await app.request("BREW", asked)
        assert (options.status_code, refused.status_code) == (204, 405), path
        assert known <= set(options.headers["allow"].split(", ")), path
        assert refused.headers["allow"] == options.headers["allow"], path
