"""The text of an API key (R-099): a readable beginning, an id, 256 bits, a checksum."""

import re

import pytest

from mainspring.core import clock, ids
from mainspring.core.security import key_text

SIGNS = key_text.DIGITS


def test_a_text_names_its_key_and_shows_what_it_is() -> None:
    key_id = ids.new()

    text = key_text.make(key_id, live=True)

    assert re.fullmatch(r"msk_live_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}", text)
    assert key_text.id_of(text.encode(), live=True) == key_id
    assert text.startswith(key_text.beginning(key_id, live=True))


def test_two_texts_of_one_key_have_nothing_secret_in_common() -> None:
    key_id = ids.new()

    texts = {key_text.make(key_id, live=False)[-49:-6] for _ in range(200)}

    assert len(texts) == 200


def test_a_place_takes_its_own_kind_only() -> None:
    live, test = (key_text.make(ids.new(), live=kind).encode() for kind in (True, False))

    assert key_text.id_of(live, live=False) is None
    assert key_text.id_of(test, live=True) is None
    assert key_text.id_of(live.replace(b"live", b"test"), live=False) is None  # the checksum covers the beginning


def test_every_slip_of_one_sign_is_found_without_a_look_into_the_database() -> None:
    text = key_text.make(ids.new(), live=True)

    slips = [
        f"{text[:place]}{sign}{text[place + 1 :]}"
        for place in range(len(text))
        for sign in SIGNS[place % 7 :: 7]
        if sign != text[place]
    ]
    swaps = [f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}" for place in range(9, len(text) - 1)]

    assert len(slips) > 600
    assert [slip for slip in [*slips, *swaps] if slip != text and key_text.id_of(slip.encode(), live=True)] == []


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"msk_live_",
        b"nonsense",
        b"\xff\xfe",
        b"msk_live_" + b"z" * 22 + b"_" + b"0" * 49,
        b" msk_live_0",
        b"a" * 100_000,
    ],
)
def test_another_form_is_no_key(sent: bytes) -> None:
    assert key_text.id_of(sent, live=True) is None


def test_a_text_with_room_before_or_behind_is_no_key() -> None:
    text = key_text.make(ids.new(), live=True).encode()

    assert [key_text.id_of(sent, live=True) for sent in (text + b"\n", b" " + text, text + b"0", text[:-1])] == [None] * 4


def test_an_id_beyond_128_bits_is_no_key() -> None:
    body = b"msk_live_" + b"z" * 22 + b"_" + b"0" * 43

    assert key_text.id_of(body + key_text._checksum(body).encode(), live=True) is None


def test_a_hash_opens_until_its_end() -> None:
    one, other = key_text.make(ids.new(), live=True).encode(), key_text.make(ids.new(), live=True).encode()
    now = clock.now()
    hashes = {key_text.hash_of(other): clock.now(), key_text.hash_of(one): now}

    assert key_text.end_of(one, hashes) == now
    assert key_text.end_of(one, {}) is None
    assert key_text.end_of(b"something else", hashes) is None
