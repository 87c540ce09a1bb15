"""Where a browser may be sent after it signed in (ASVS 3.7.2)."""

import pytest

from mainspring.modules.social.next_paths import is_own_path, with_outcome

OWN = [
    "/",
    "/account",
    "/account/",
    "/a/b/c?tab=1&x=y",
    "/search?q=a%20b",
    "/~ada",
    "/a.b/c-d_e",
    "/a?next=%2Fb",
    "/%E2%82%AC",
    "/@ada",
]
TRICKS = [
    "",
    "account",
    ".",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "/%2fevil.example",
    "/%2f%2fevil.example",
    "%2f%2fevil.example",
    "/%5cevil.example",
    "/%252fevil.example",
    "/%25252fevil.example",
    "/%2525252fevil.example",
    "/\tevil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "/%0d%0aSet-Cookie:%20a=b",
    "/a?x=%0d%0aSet-Cookie:%20a=b",
    "/\x00",
    "/%00",
    "/\x7f",
    " /account",
    "/account ",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,a",
    "@evil.example",
    ":@evil.example",
    ".evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/a/%2e%2e/b",
    "/./a",
    "/a//b",
    "/#//evil.example",
    "/a#b",
    "/\u2044evil.example",
    "/\uff0fevil.example",
    "/\u3002evil.example",
    "/a\u202eb",
    "/%E2%80%AEb",
    "/%ff",
    "/a?code=stolen",
    "/a?error=made-up",
    "/a?x=1&code=",
    "/a?c%6fde=stolen",
    "/<script>",
    "/" + "a" * 1000,
]


@pytest.mark.parametrize("path", OWN)
def test_paths_of_our_own_are_taken(path):
    assert is_own_path(path)


@pytest.mark.parametrize("path", TRICKS)
def test_what_may_lead_elsewhere_is_not(path):
    assert not is_own_path(path)


def test_there_are_enough_tricks():
    assert len(TRICKS) >= 40


def test_the_outcome_joins_the_parameters_that_are_there():
    assert with_outcome("https://a.example", "/b", {"code": "c d"}) == "https://a.example/b?code=c+d"
    assert with_outcome("https://a.example", "/b?x=1", {"code": "c"}) == "https://a.example/b?x=1&code=c"
    assert with_outcome("https://a.example", "/b?x=1", {}) == "https://a.example/b?x=1"
