# ruff: noqa: RUF001, RUF003 - look-alikes are the point of this file
"""Addresses that look like Ada's: each is the same mailbox and gets her account, or is another one and gets nothing of hers."""

import pytest

from mainspring.testing.client import PASSWORD
from tests.integration.modules.auth.mailbox import Mailbox

AUTH = "/api/v1/auth"
VICTIM = "mike@example.com"
SAME = [  # one mailbox in another spelling: registering is refused, and mail goes to the stored address
    "MIKE@EXAMPLE.COM",
    " mike@example.com ",
    "Mike@Example.Com",
    "ｍｉｋｅ@example.com",
    "mike@ｅｘａｍｐｌｅ.com",
    "mike@example。com",
    "mike@example．com",
    "ᵐike@example.com",
    "miKe@example.com",  # KELVIN SIGN
    "\u2003mike@example.com",
    "mⅰke@example.com",
    "𝐦𝐢𝐤𝐞@example.com",
    "ⓜⓘⓚⓔ@example.com",
    "mike@EXAMPLE.ＣＯＭ",
    "mike@ⓔxample.com",
]
OTHERS = [  # other mailboxes: they have accounts of their own
    "mıke@example.com",  # dotless i
    "mіke@example.com",  # Cyrillic i
    "miкe@example.com",  # Cyrillic ka
    "mike@exаmple.com",  # Cyrillic a
    "mike@examp1e.com",
    "mike+x@example.com",
    "m.ike@example.com",
    "mïke@example.com",
    "mike@ëxample.com",
    "mike@example.co",
    "mike@example.com.evil.example",
]
NONE = [  # no address at all
    "mike@example.com\nbcc: eve@example.net",
    "mike@example.com,eve@example.net",
    "mike@example.com%00@evil.example",
    "mike\u200b@example.com",
    "mike@example.com\u202e",
    '"mike@example.com"@evil.example',
    "mike@example.com <eve@example.net>",
    "mike@@example.com",
]


def test_there_are_thirty_and_more():
    assert len({*SAME, *OTHERS, *NONE}) >= 30


@pytest.mark.parametrize("address", SAME)
async def test_another_spelling_is_the_same_account(app, address):
    await app.sign_up(VICTIM)

    answer = await app.post(f"{AUTH}/register", json={"email": address, "password": PASSWORD, "name": "Eve"})
    await app.post(f"{AUTH}/forgot-password", json={"email": address})

    assert answer.status_code == 409
    (mail,) = [mail for mail in await Mailbox(app, "@").mails() if "Set a new password" in mail.subject]
    assert mail.to.endswith(f"<{VICTIM}>")


@pytest.mark.parametrize("address", OTHERS)
async def test_another_mailbox_is_another_account_and_opens_nothing(app, address):
    # "ı".upper() is "I" and "ſ".lower() is "s": comparing in another case than the one stored has opened accounts before
    mike = await app.sign_up(VICTIM)

    answer = await app.post(f"{AUTH}/register", json={"email": address, "password": "a password of eve", "name": "Eve"})
    await app.post(f"{AUTH}/forgot-password", json={"email": address})

    assert answer.status_code in (201, 422), answer.text
    mails = [mail for mail in await Mailbox(app, "@").mails() if "Set a new password" in mail.subject]
    assert not any(VICTIM in mail.to for mail in mails)
    assert (await app.post(f"{AUTH}/login", json={"email": address, "password": PASSWORD})).status_code in (401, 422)
    assert (await app.sign_in(VICTIM)).id == mike.id


@pytest.mark.parametrize("address", NONE)
async def test_what_is_no_address_is_refused(app, address):
    await app.sign_up(VICTIM)

    doors = ("register", "forgot-password", "magic-link", "verify-email/resend")
    more = {"register": {"password": PASSWORD, "name": "Eve"}}
    answers = [await app.post(f"{AUTH}/{door}", json={"email": address, **more.get(door, {})}) for door in doors]

    assert [answer.status_code for answer in answers] == [422] * 4
