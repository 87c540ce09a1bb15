"""The operations of an OpenAPI document, as what is written from it needs them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]  # Any: OpenAPI is JSON of any shape


@dataclass(frozen=True)
class Operation:
    """One operation. `answers` are the schemas of its successes, `codes` those of its errors by status."""

    method: str
    path: str
    declared: Document
    shared: Document

    @property
    def id(self) -> str:
        """The operationId."""
        return str(self.declared["operationId"])

    @property
    def tag(self) -> str:
        """The chapter it belongs to."""
        return str((self.declared.get("tags") or ["other"])[0])

    @property
    def description(self) -> str:
        """What it does."""
        return str(self.declared.get("description") or self.declared.get("summary", ""))

    @property
    def rule(self) -> str:
        """Who may call it."""
        return str(self.declared.get("x-access", "public"))

    @property
    def is_guarded(self) -> bool:
        """Whether it needs somebody who is signed in."""
        return bool(self.declared.get("security"))

    @property
    def in_path(self) -> list[Document]:
        """The parameters of the path."""
        return [one for one in self.declared.get("parameters", []) if one["in"] == "path"]

    @property
    def in_query(self) -> list[Document]:
        """The parameters of the query."""
        return [one for one in self.declared.get("parameters", []) if one["in"] == "query"]

    @property
    def in_headers(self) -> list[Document]:
        """The headers that it reads."""
        return [one for one in self.declared.get("parameters", []) if one["in"] == "header"]

    @property
    def body(self) -> Document | None:
        """The schema of the body."""
        for content in self.declared.get("requestBody", {}).get("content", {}).values():
            return dict(content.get("schema", {}))
        return None

    @property
    def is_form(self) -> bool:
        """Whether the body is a form."""
        return "application/x-www-form-urlencoded" in self.declared.get("requestBody", {}).get("content", {})

    @property
    def body_is_required(self) -> bool:
        """Whether there must be a body."""
        return bool(self.declared.get("requestBody", {}).get("required"))

    @property
    def redirects(self) -> bool:
        """Whether it only sends the browser on."""
        return not any(status.startswith("2") for status in self.declared["responses"])

    @property
    def answers(self) -> list[Document]:
        """The schemas of its successes."""
        contents = [
            content
            for status, answer in self.declared["responses"].items()
            if status.startswith("2")
            for content in answer.get("content", {}).values()
        ]
        return [dict(content["schema"]) for content in contents if "schema" in content]

    @property
    def errors(self) -> dict[str, dict[str, str]]:
        """Code and message of each error, by status."""
        found: dict[str, dict[str, str]] = {}
        for status, declared in self.declared["responses"].items():
            if status >= "400":
                answer = self.shared[declared["$ref"].rpartition("/")[2]] if "$ref" in declared else declared
                found[status] = dict(_codes(answer.get("content", {}).get("application/json", {})))
        return found

    @property
    def codes(self) -> list[str]:
        """The codes of all its errors."""
        return [code for codes in self.errors.values() for code in codes]


def operations_of(document: Document) -> Iterator[Operation]:
    """Every operation, in the order of the document."""
    shared = document.get("components", {}).get("responses", {})
    for path, methods in document["paths"].items():
        for method, declared in methods.items():
            yield Operation(method.upper(), path, declared, shared)


def _codes(content: Document) -> Iterator[tuple[str, str]]:
    examples = [example["value"] for example in content.get("examples", {}).values()]
    for example in [*examples, *([content["example"]] if "example" in content else [])]:
        if isinstance(example, dict) and isinstance(example.get("error"), dict):
            yield example["error"]["code"], example["error"]["message"]
