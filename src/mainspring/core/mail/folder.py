"""The local twin of a mail server: a folder of `.eml` files, which every mail program opens and `/mail` shows."""

import asyncio
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import DateHeader
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

from ..errors import Unavailable
from ..observability.tracing import TRACING
from .message import Mailbox, Message
from .writing import written

FOLDER = "mail"
SUFFIX = ".eml"


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One mail of the folder, as a person reads it. `html` is what the sender wrote: show it to nobody unguarded."""

    id: UUID
    sender: str
    to: str
    subject: str
    sent_at: datetime | None
    text: str
    html: str | None
    source: str


class MailFolder:
    """Writes each mail to `DATA_DIR/mail/<id>.eml`. A mail that is sent again replaces its file, so there is one of each."""

    def __init__(self, data_dir: Path, sender: Mailbox) -> None:
        self.folder = data_dir / FOLDER
        self.sender = sender

    async def send(self, message: Message) -> None:
        """Write it down. Raises Unavailable when the disk does not take it."""
        mail = written(message, self.sender)
        try:
            with TRACING.child("mail.send", "internal", {"mainspring.port": "mail"}):
                await asyncio.to_thread(self._write, message.id, mail.as_bytes())
        except OSError as failure:
            raise Unavailable("The mail could not be written to its folder.") from failure

    async def newest(self, count: int, before: UUID | None = None) -> list[KeptMail]:
        """The newest mails, from `before` backwards when it is given."""
        return await asyncio.to_thread(self._newest, count, before)

    async def of_id(self, id: UUID) -> KeptMail | None:
        """One mail."""
        return await asyncio.to_thread(self._read, id)

    def _write(self, id: UUID, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # mails hold links that let people in
        draft = self.folder / f".{id}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path(id))
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def _newest(self, count: int, before: UUID | None) -> list[KeptMail]:
        """Ids are of version 7, so the order of the names is the order of time."""
        if not self.folder.is_dir():
            return []
        names = sorted((name for name in os.listdir(self.folder) if name.endswith(SUFFIX) and name[0] != "."), reverse=True)
        kept: list[KeptMail] = []
        for name in names:
            id = _id_of(name)
            if id is None or (before is not None and id >= before):
                continue
            if (mail := self._read(id)) is not None:
                kept.append(mail)
            if len(kept) == count:
                break
        return kept

    def _read(self, id: UUID) -> KeptMail | None:
        try:
            content = self._path(id).read_bytes()
        except FileNotFoundError:  # deleted meanwhile, or never there
            return None
        mail = message_from_bytes(content, _class=EmailMessage, policy=default)
        date = mail["Date"]
        return KeptMail(
            id=id,
            sender=str(mail["From"] or ""),
            to=str(mail["To"] or ""),
            subject=str(mail["Subject"] or ""),
            sent_at=date.datetime if isinstance(date, DateHeader) else None,
            text=_body(mail, "plain") or "",
            html=_body(mail, "html"),
            source=content.decode("utf-8", "replace"),
        )

    def _path(self, id: UUID) -> Path:
        return self.folder / f"{id}{SUFFIX}"


def _body(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return None if part is None else str(part.get_content()).replace("\r\n", "\n")


def _id_of(name: str) -> UUID | None:
    try:
        return UUID(name.removesuffix(SUFFIX))
    except ValueError:
        return None
