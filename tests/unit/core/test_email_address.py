"""One mailbox has one spelling (R-055)."""

import pytest

from mainspring.core.email_address import normalised


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada@Example.COM ", "ada@example.com"),
        ("a.d.a+tag@gmail.com", "a.d.a+tag@gmail.com"),
        ("ada@shop.test", "ada@shop.test"),
        ("ada@office.local", "ada@office.local"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("\uff41\uff44\uff41@example.com", "ada@example.com"),
    ],
)
def test_an_address_has_one_canonical_form(typed, kept):
    assert normalised(typed) == kept
    assert normalised(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "ada",
        "ada@",
        "@example.com",
        "a b@example.com",
        "a" * 250 + "@example.com",
        "ada@-bad-.com",
        "ada@localhost",
        "ada@[127.0.0.1]",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValueError, match="the "):
        normalised(typed)
