"""What a mail may hold, and how it is written down."""

from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest

from mainspring.core.mail import Mailbox, Message, MessageRefused
from mainspring.core.mail.message import one_line
from mainspring.core.mail.writing import written

SHOP = Mailbox("shop@example.com", "Shop")
ADA = Mailbox("ada@example.com", "Ada Lovelace")
BREAKS = ["\n", "\r", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x7f"]


def read(message, sender=SHOP):
    return message_from_bytes(written(message, sender).as_bytes(), policy=default)


@pytest.mark.parametrize("ending", BREAKS)
def test_nothing_breaks_out_of_a_header(ending):  # ASVS 1.2.1
    forged = f"Hello{ending}Bcc: everybody@example.com"

    with pytest.raises(MessageRefused):
        Message(ADA, forged, "")
    with pytest.raises(MessageRefused):
        Mailbox("ada@example.com", forged)
    with pytest.raises(MessageRefused):
        Mailbox(f"ada@example.com{ending}Bcc: x@example.com")
    with pytest.raises(MessageRefused):
        Message(ADA, "Hello", "", headers={"Reply-To": forged})
    with pytest.raises(MessageRefused):
        Message(ADA, "Hello", "", headers={f"X-A{ending}Bcc": "x@example.com"})


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@example.com", "ada@", "a b@example.com", "ada@exa mple.com", "ada@-x.com", "a,b@example.com", "<a@b.c>",
     "ada@example.com>,<eve@example.com", "ada@example..com", f"{'a' * 65}@example.com", "ada@\ud800.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(MessageRefused):
        Mailbox(address)


@pytest.mark.parametrize("name", ["From", "to", "Bcc", "SUBJECT", "Message-ID", "Content-Type", "MIME-Version", "X Y", "", "X:"])
def test_headers_of_our_own_cannot_be_replaced(name):
    with pytest.raises(MessageRefused):
        Message(ADA, "Hello", "", headers={name: "x"})


def test_a_mail_reads_as_it_was_written():
    message = Message(
        Mailbox("jo@exämple.de", 'Jö "the Great", of Bath'),
        "Grüße aus Köln " * 12,
        "Hällo\n.\nFrom here\n" + "x" * 2000 + "\n",
        "<p>Hällo</p>",
        {"Reply-To": "Jörg <help@example.com>"},
    )

    content = written(message, SHOP).as_bytes()
    mail = message_from_bytes(content, policy=default)

    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert mail["Subject"] == ("Grüße aus Köln " * 12)
    assert mail["To"].addresses[0].display_name == 'Jö "the Great", of Bath'
    assert mail["To"].addresses[0].addr_spec == "jo@xn--exmple-cua.de"
    assert mail["Reply-To"] == "Jörg <help@example.com>"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == message.text
    assert mail.get_body(("html",)).get_content() == "<p>Hällo</p>\r\n"


def test_the_message_id_comes_from_the_id_alone():
    id = UUID("01902c5e-0000-7000-8000-000000000001")

    first, second = (read(Message(ADA, "Hello", "Hello.", id=id)) for _ in range(2))

    assert first["Message-ID"] == second["Message-ID"] == f"<{id}@example.com>"
    assert first["Auto-Submitted"] == "auto-generated"


def test_a_local_part_outside_ascii_is_kept():
    mail = written(Message(Mailbox("jörg@example.com"), "Hello", ""), SHOP)

    assert "jörg@example.com" in mail.as_bytes().decode()


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("ada@example.com", Mailbox("ada@example.com")),
        ("Ada Lovelace <ada@example.com>", ADA),
        ('"Ada Lovelace" <ada@EXAMPLE.com>', ADA),
        ("no-reply@localhost", Mailbox("no-reply@localhost")),
    ],
)
def test_a_mailbox_is_read_from_text(text, mailbox):
    assert Mailbox.parse(text) == mailbox


def test_a_text_becomes_one_line():
    assert one_line(" a\r\n b\u2028c\x07d  e ") == "a b c d e"
