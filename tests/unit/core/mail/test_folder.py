"""The local twin: one whole file per mail."""

import os
import stat

import pytest

from mainspring.core import ids
from mainspring.core.errors import Unavailable
from mainspring.core.mail import Mailbox, Message
from mainspring.core.mail.folder import MailFolder

pytestmark = pytest.mark.anyio
ADA = Mailbox("ada@example.com", "Ada")


@pytest.fixture
def folder(tmp_path):
    return MailFolder(tmp_path, Mailbox("shop@example.com", "Shop"))


async def test_a_mail_becomes_a_file_that_reads_the_same(folder, tmp_path):
    message = Message(ADA, "Grüße", "Hällo.\n", "<p>Hällo.</p>")

    await folder.send(message)

    kept = await folder.of_id(message.id)
    assert kept is not None
    assert (kept.to, kept.subject, kept.text, kept.html) == ("Ada <ada@example.com>", "Grüße", "Hällo.\n", "<p>Hällo.</p>\n")
    path = tmp_path / "mail" / f"{message.id}.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_second_attempt_leaves_one_file(folder, tmp_path):
    message = Message(ADA, "Hello", "Hello.")

    await folder.send(message)
    await folder.send(message)

    assert os.listdir(tmp_path / "mail") == [f"{message.id}.eml"]


async def test_the_newest_come_first_and_pages_go_on(folder, tmp_path):
    sent = [Message(ADA, f"Mail {number}", "", id=ids.new()) for number in range(5)]
    for message in sent:
        await folder.send(message)
    (tmp_path / "mail" / "notes.eml").write_text("put there by hand")
    (tmp_path / "mail" / ".draft.eml").write_text("half")

    first = await folder.newest(3)
    second = await folder.newest(3, first[-1].id)

    assert [mail.subject for mail in first] == ["Mail 4", "Mail 3", "Mail 2"]
    assert [mail.subject for mail in second] == ["Mail 1", "Mail 0"]


async def test_a_folder_that_takes_nothing_is_told(tmp_path):
    (tmp_path / "mail").write_text("a file in the way")

    with pytest.raises(Unavailable):
        await MailFolder(tmp_path, ADA).send(Message(ADA, "Hello", ""))


async def test_a_file_that_is_no_mail_harms_nobody(folder, tmp_path):
    id = ids.new()
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / f"{id}.eml").write_bytes(b"\xff\xfe\x00 not a mail\n\nDate: never")

    kept = await folder.newest(10)

    assert [mail.id for mail in kept] == [id]
