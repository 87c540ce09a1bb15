"""Bodies that are meant to hurt, each with the status it must get. `SECRET` stands in each and may never come back."""

from collections.abc import Iterator
from dataclasses import dataclass

SECRET = "hunter2-secret"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Bomb:
    """One request. A body is made when it is thrown, in pieces, so that the tests need no memory themselves."""

    name: str
    path: str
    statuses: tuple[int, ...]
    pieces: tuple[tuple[bytes, int], ...]  # a piece and how often it is repeated
    content_type: str | None = JSON
    announced: bool = True

    @property
    def length(self) -> int:
        return sum(len(piece) * times for piece, times in self.pieces)

    def body(self) -> Iterator[bytes]:
        for piece, times in self.pieces:
            whole, rest = divmod(times, max(1, 65_536 // len(piece)))
            block = piece * (65_536 // len(piece) or 1)
            for _ in range(whole):
                yield block
            if rest:
                yield piece * rest


def json_bomb(name: str, text: bytes, *statuses: int, path: str = "/accounts") -> Bomb:
    return Bomb(name, path, statuses, ((text, 1),))


HEAD = b'{"email":"hunter2-secret","password":"hunter2-secret","age":'
NOTE = b'{"document":{"note":'

BOMBS = [
    Bomb("150 MB of JSON", "/accounts", (413,), ((b'{"email":"', 1), (b"hunter2-secret", 11_000_000), (b'"}', 1))),
    Bomb("150 MB in chunks", "/accounts", (413,), ((b'{"email":"', 1), (b"hunter2-secret", 11_000_000)), announced=False),
    Bomb("10 MB of empty lists", "/notes", (413,), ((NOTE, 1), (b"[", 1), (b"[],", 3_000_000), (b"[]]}}", 1))),
    Bomb("10 MB of small objects", "/notes", (413,), ((NOTE, 1), (b"[", 1), (b'{"a":1},', 1_200_000), (b"{}]}}", 1))),
    Bomb("10 MB of numbers", "/notes", (413,), ((NOTE, 1), (b"[", 1), (b"1,", 5_000_000), (b"1]}}", 1))),
    Bomb("a million form fields to JSON", "/accounts", (415,), ((b"a=hunter2-secret&", 600_000),), FORM),
    Bomb("a million form fields", "/forms", (413,), ((b"a=1&", 1_000_000),), FORM),
    Bomb("10 MB of one form field", "/forms", (204, 413), ((b"name=", 1), (b"x", 10 * MIB - 5)), FORM),
    Bomb(
        "a million multipart fields",
        "/forms",
        (413,),
        ((b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n', 190_000), (b"--b--\r\n", 1)),
        "multipart/form-data; boundary=b",
    ),
    json_bomb("NaN", HEAD + b"NaN}", 400),
    json_bomb("Infinity", HEAD + b"Infinity}", 400),
    json_bomb("1e400", HEAD + b"1e400}", 400, 422),
    json_bomb("1e400 as a float", b'{"email":"a","password":"hunter2-secret","weight":1e400}', 400, 422),
    json_bomb("1e400 in a free document", NOTE + b"1e400}}", 400, path="/notes"),
    json_bomb("-1E+9999 in a free document", NOTE + b"-1E+9999}}", 400, path="/notes"),
    json_bomb("400 digits and a point", NOTE + b"1" * 400 + b".0}}", 400, path="/notes"),
    json_bomb("a lone surrogate", b'{"email":"\\ud800 hunter2-secret","password":"a"}', 400),
    json_bomb("a lone low surrogate", NOTE + b'"\\udc00"}}', 400, path="/notes"),
    json_bomb("surrogates as bytes", b'{"email":"\xed\xa0\x80 hunter2-secret"}', 400),
    json_bomb("bytes that are no UTF-8", b'{"email":"\xff hunter2-secret"}', 400),
    json_bomb("an escaped NUL", b'{"email":"a\\u0000hunter2-secret","password":"a"}', 422),
    json_bomb("an escaped NUL in a free document", NOTE + b'["\\u0000"]}}', 422, path="/notes"),
    json_bomb("a NUL in a name", b'{"document":{"a\\u0000hunter2-secret":1}}', 422, path="/notes"),
    json_bomb("a raw NUL", b'{"email":"a\x00hunter2-secret"}', 400),
    json_bomb("a key twice", b'{"email":"a","email":"hunter2-secret","password":"a"}', 400),
    json_bomb("a key twice deep inside", NOTE + b'{"a":[{"b":1,"b":2}]}}}', 400, path="/notes"),
    Bomb("depth 100,000", "/notes", (400,), ((NOTE, 1), (b"[", 100_000), (b"]", 100_000), (b"}}", 1))),
    Bomb("depth 100,000 of objects", "/notes", (400, 413), ((NOTE, 1), (b'{"a":', 100_000), (b"1", 1), (b"}", 100_002))),
    json_bomb("a number of 10,000 digits", HEAD + b"9" * 10_000 + b"}", 400, 422),
    json_bomb("a number of 4,000 digits", HEAD + b"9" * 4_000 + b"}", 400),
    json_bomb("a number of 4,000 digits in a document", NOTE + b"9" * 4_000 + b"}}", 400, path="/notes"),
    json_bomb("a number of 20 digits", HEAD + b"9" * 20 + b"}", 400),
    json_bomb("half of JSON", b'{"email":"hunter2-secret', 400),
    json_bomb("JSON and more", b'{"email":"a","password":"b"} hunter2-secret', 400),
    json_bomb("a byte order mark", b'\xef\xbb\xbf{"email":"a","password":"hunter2-secret"}', 400),
    json_bomb("the wrong type", b'{"email":["hunter2-secret"],"password":1}', 422),
    json_bomb("a list", b'["hunter2-secret"]', 422),
    Bomb("nothing", "/accounts", (400,), ()),
    Bomb("no content type", "/accounts", (415,), ((b'{"email":"hunter2-secret"}', 1),), None),
    Bomb("another content type", "/accounts", (415,), ((b'{"email":"hunter2-secret"}', 1),), "text/plain"),
]
