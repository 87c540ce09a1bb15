"""Whether a contract breaks clients of an earlier one: every break as one sentence.

Additions are fine: operations, inputs that may be left out, fields of answers, errors. A break is what a client that was written
for the earlier contract could stumble over.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .operations import Document, Operation, operations_of

Schema = Mapping[str, Any]  # Any: a JSON schema
Way = Literal["in", "out"]  # what clients send, what they get

GREATEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
WHOLE = ("int32", "int64")  # say no more than the bounds do


def breaks(old: Document, new: Document) -> list[str]:
    """What breaks clients of the old contract under the new one; nothing when they need not change."""
    return list(dict.fromkeys(Comparison(old, new).run()))


class Comparison:
    """Two contracts side by side."""

    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old, new
        self._seen: set[tuple[str, str, Way]] = set()

    def run(self) -> Iterator[str]:
        """Every break."""
        kept = {(operation.method, operation.path): operation for operation in operations_of(self.new)}
        for before in operations_of(self.old):
            after = kept.get((before.method, before.path))
            where = f"{before.method} {before.path}"
            if after is None:
                yield f"{where}: the operation is gone"
                continue
            if before.id != after.id:
                yield f"{where}: operationId was {before.id} and is {after.id}"
            if not before.is_guarded and after.is_guarded:
                yield f"{where}: was public and needs a session"
            yield from self._parameters(where, before, after)
            yield from self._bodies(where, before, after)
            yield from self._answers(where, before, after)

    def _parameters(self, where: str, before: Operation, after: Operation) -> Iterator[str]:
        olds = {(one["in"], one["name"]): one for one in before.declared.get("parameters", [])}
        news = {(one["in"], one["name"]): one for one in after.declared.get("parameters", [])}
        for (place, name), one in olds.items():
            there = f"{where} {place} {name}"
            if (place, name) not in news:
                yield f"{there}: the parameter is gone"
                continue
            now = news[place, name]
            if now.get("required") and not one.get("required"):
                yield f"{there}: has become required"
            yield from self._schemas(there, one["schema"], now["schema"], "in")
        for place, name in news.keys() - olds.keys():
            if news[place, name].get("required"):
                yield f"{where} {place} {name}: is new and required"

    def _bodies(self, where: str, before: Operation, after: Operation) -> Iterator[str]:
        old, new = before.declared.get("requestBody", {}), after.declared.get("requestBody", {})
        if new.get("required") and not old.get("required"):
            yield f"{where} body: has become required"
        yield from self._contents(f"{where} body", old.get("content", {}), new.get("content", {}), "in")

    def _answers(self, where: str, before: Operation, after: Operation) -> Iterator[str]:
        olds = {status: answer for status, answer in before.declared["responses"].items() if status < "400"}
        news = {status: answer for status, answer in after.declared["responses"].items() if status < "400"}
        for status in olds:
            if status not in news:
                yield f"{where} {status}: is not answered any more"
            else:
                there = f"{where} {status}"
                yield from self._contents(there, olds[status].get("content", {}), news[status].get("content", {}), "out")
        for status in sorted(news.keys() - olds.keys() - {"304"}):
            yield f"{where} {status}: is a success that clients do not know"

    def _contents(self, where: str, old: Document, new: Document, way: Way) -> Iterator[str]:
        for kind, content in old.items():
            if kind not in new:
                yield f"{where}: {kind} is gone"
            else:
                yield from self._schemas(where, content.get("schema", {}), new[kind].get("schema", {}), way)

    def _schemas(self, where: str, old: Schema, new: Schema, way: Way) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"], way)
            if pair in self._seen:
                return
            self._seen.add(pair)
        before, after = dict(self._choices(old, self.old)), dict(self._choices(new, self.new))
        for kind, choice in before.items():
            if kind in after:
                yield from self._same_kind(where, choice, after[kind], way)
            elif after and (way == "in" or not after.keys() & before.keys()):
                yield f"{where}: was {kind} and is {' or '.join(after)}"
        if way == "out" and before:
            for kind in after.keys() - before.keys():
                if before.keys() & after.keys():
                    yield f"{where}: may now be {kind}"

    def _choices(self, schema: Schema, document: Document) -> Iterator[tuple[str, Schema]]:
        """The alternatives of a schema by a name for their kind."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            found = document["components"]["schemas"][name]
            if "properties" in found:
                yield ("object" if "anyOf" not in schema else name), found
            else:
                yield from self._choices(found, document)
            return
        inner = schema.get("anyOf") or schema.get("oneOf")
        if inner:
            objects = sum("$ref" in choice for choice in inner)
            for choice in inner:
                for kind, found in self._choices(choice, document):
                    is_one_of_many = "$ref" in choice and objects > 1 and kind == "object"
                    yield (choice["$ref"].rpartition("/")[2] if is_one_of_many else kind), found
            return
        if "type" in schema or "const" in schema or "enum" in schema:
            values = schema.get("enum") or [schema.get("const")]
            kind = schema.get("type") or ("string" if isinstance(values[0], str) else type(values[0]).__name__)
            yield str(kind), schema

    def _same_kind(self, where: str, old: Schema, new: Schema, way: Way) -> Iterator[str]:
        yield from _values(where, old, new)
        yield from _formats(where, old, new)
        if way == "in":
            yield from _bounds(where, old, new)
        if "items" in old and "items" in new:
            yield from self._schemas(f"{where}[]", old["items"], new["items"], way)
        olds, news = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for name, inner in olds.items():
            if name not in news:
                yield f"{where}.{name}: the field is gone"
                continue
            if way == "in" and name in needed_now - needed_before:
                yield f"{where}.{name}: has become required"
            if way == "out" and name in needed_before - needed_now:
                yield f"{where}.{name}: may be left out now"
            yield from self._schemas(f"{where}.{name}", inner, news[name], way)
        if way == "in":
            for name in sorted(needed_now - olds.keys()):
                yield f"{where}.{name}: is new and required"


def _values(where: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = _allowed(old), _allowed(new)
    if before is None and after is not None:
        yield f"{where}: was any value and is one of {', '.join(map(str, after))}"
    elif before is not None and after is not None:
        for value in before:
            if value not in after:
                yield f"{where}: the value {value} is gone"


def _allowed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _formats(where: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("format"), new.get("format")
    if before != after and not (before in WHOLE and after in WHOLE):
        yield f"{where}: the format was {before or 'free'} and is {after or 'free'}"


def _bounds(where: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in GREATEST:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{where}: {name} was {old.get(name, 'none')} and is {new[name]}"
    for name in LEAST:
        none = float("-inf") if name.endswith("inimum") else 0
        if name in new and new[name] > old.get(name, none):
            yield f"{where}: {name} was {old.get(name, 'none')} and is {new[name]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where}: the pattern was {old.get('pattern', 'none')} and is {new['pattern']}"
