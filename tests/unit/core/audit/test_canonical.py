"""The text that a hash is made of is the one that Python's own library writes, and every stored byte counts."""

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest

from mainspring.core.audit.canonical import StoredRow, canonical, id_of, link
from mainspring.core.database.compiling import DialectName
from mainspring.core.ids import new

ON_SQLITE = StoredRow(
    id=b"0190b5a4e5c07bd1a0b4f0a7a4b7d3c1",
    user_id=None,
    action=b"CREATE",
    resource=b"thing",
    resource_id=b"7",
    changes=b'{"b":1,"a":{"y":[1,2],"x":null}}',
    ip_address=b"::1",
    user_agent="ü \u2028 \U0001f600".encode(),
    request_id=None,
    tenant=None,
    created_at=b"2026-07-01T12:00:00.000120+00:00",
    seq=None,
    hash=None,
)
ON_POSTGRESQL = StoredRow(
    id="0190b5a4-e5c0-7bd1-a0b4-f0a7a4b7d3c1",
    user_id=None,
    action="CREATE",
    resource="thing",
    resource_id="7",
    changes='{"a": {"x": null, "y": [1, 2]}, "b": 1}',
    ip_address="::1",
    user_agent="ü \u2028 \U0001f600",
    request_id=None,
    tenant=None,
    created_at="2026-07-01 12:00:00.00012+00",
    seq=None,
    hash=None,
)
ROWS: dict[DialectName, StoredRow] = {"sqlite": ON_SQLITE, "postgresql": ON_POSTGRESQL}
EVERYTHING = {
    "letters": "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000)])),
    "numbers": [0, -1, 2**53 + 1, 2**64 - 1, -(2**63), 0.1, 1e22, 1e-7, 5e-324, 1.0, -0.0, 1e16, 123456.789],
    "keys": {"b": 1, "a": 2, "\U0001f600": 3, "\uffff": 4, "": 5, "A": 6},
    "words": [True, False, None, [], {}],
}


def as_python_writes(row: dict[str, Any]) -> bytes:
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_both_databases_give_one_text() -> None:
    text = canonical(ON_SQLITE, 5, "sqlite")

    assert text == canonical(ON_POSTGRESQL, 5, "postgresql")
    assert text == as_python_writes(
        {
            "id": "0190b5a4-e5c0-7bd1-a0b4-f0a7a4b7d3c1",
            "seq": 5,
            "userId": None,
            "action": "CREATE",
            "resource": "thing",
            "resourceId": "7",
            "changes": {"a": {"x": None, "y": [1, 2]}, "b": 1},
            "ipAddress": "::1",
            "userAgent": "ü \u2028 \U0001f600",
            "requestId": None,
            "tenant": None,
            "createdAt": "2026-07-01T12:00:00.000120Z",
        }
    )


@pytest.mark.parametrize("part", EVERYTHING)
def test_whatever_stands_in_changes_python_writes_it_alike(part: str) -> None:
    changes = {part: EVERYTHING[part]}

    text = canonical(replace(ON_SQLITE, changes=orjson.dumps(changes)), 1, "sqlite")

    assert text == as_python_writes(json.loads(text))
    assert json.loads(text)["changes"] == changes


@pytest.mark.parametrize("number", ["0.1", "4.5", "1.0", "0.0000001", "123456789012345678901234567890", "-3"])
def test_numbers_of_jsonb_that_we_wrote_are_numbers(number: str) -> None:
    text = canonical(replace(ON_POSTGRESQL, changes=f'{{"a": {number}}}'), 1, "postgresql")

    assert json.loads(text)["changes"] == {"a": json.loads(number)}
    assert text == as_python_writes(json.loads(text))


@pytest.mark.parametrize("number", ["4.50", "4.5000000000000000001", "0.10", "1.00", "10000000000000000.5"])
def test_a_number_of_jsonb_that_we_never_write_is_odd(number: str) -> None:
    text = canonical(replace(ON_POSTGRESQL, changes=f'{{"a": {number}}}'), 1, "postgresql")

    assert json.loads(text)["changes"] == ["odd", f'{{"a": {number}}}']


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", b"0190b5a4-e5c0-7bd1-a0b4-f0a7a4b7d3c1"),
        ("id", b"short"),
        ("user_id", "6162"),
        ("action", b"\xff"),
        ("action", "4352"),
        ("changes", b'{"a": 1}'),
        ("changes", b'{"a":1,"a":2}'),
        ("changes", b"{"),
        ("changes", b"null"),
        ("changes", "7B7D"),
        ("created_at", b"2026-07-01 12:00:00.000120+00:00"[:-1]),
        ("created_at", b"2026-07-01T12:00:00.000000+00:00"),
        ("created_at", b"yesterday"),
        ("created_at", b"\xff+00:00"),
        ("created_at", None),
    ],
)
def test_what_sqlite_keeps_in_another_spelling_is_odd(column: str, value: Any) -> None:
    text = canonical(replace(ON_SQLITE, **{column: value}), 1, "sqlite")

    name = {"user_id": "userId", "created_at": "createdAt"}.get(column, column)
    assert json.loads(text)[name][0] == "odd"


@pytest.mark.parametrize("value", ["infinity", "2026-07-01 12:00:00+02", "12026-07-01 12:00:00+00", None])
def test_a_moment_of_postgresql_that_we_never_write_is_odd(value: Any) -> None:
    assert json.loads(canonical(replace(ON_POSTGRESQL, created_at=value), 1, "postgresql"))["createdAt"][0] == "odd"


def test_a_moment_without_a_fraction_has_six_digits() -> None:
    for dialect, value in (("sqlite", b"2026-07-01T12:00:00+00:00"), ("postgresql", "2026-07-01 12:00:00+00")):
        text = canonical(replace(ROWS[dialect], created_at=value), 1, dialect)
        assert json.loads(text)["createdAt"] == "2026-07-01T12:00:00.000000Z"


def test_no_two_spellings_have_one_text() -> None:
    digits = ["0123456789abcdef" * 2, "0123456789ABCDEF" * 2, "0123456789abcdeg" * 2]

    assert len({canonical(replace(ON_SQLITE, id=one.encode()), 1, "sqlite") for one in digits}) == 3


def test_ids_are_read_back() -> None:
    id = new()

    assert id_of(id.hex.encode(), "sqlite") == id
    assert id_of(str(id), "postgresql") == id
    assert [id_of(None, "sqlite"), id_of(b"nobody", "sqlite"), id_of("6162", "sqlite")] == [None, None, None]


def test_a_link_is_made_of_the_one_before() -> None:
    assert link(bytes(32), b"{}") != link(bytes(31) + b"\1", b"{}")
