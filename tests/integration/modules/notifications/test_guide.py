"""The code and the templates of docs/guides/mail.md work as they stand there."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.database import UnitOfWork
from mainspring.core.mail.folder import MailFolder
from mainspring.core.mail.templates import Templates
from mainspring.core.module import Module
from mainspring.core.money import Money
from mainspring.modules.notifications.ports import Kind
from mainspring.modules.notifications.service import NotificationService

pytestmark = pytest.mark.anyio
GUIDE = (Path(__file__).parents[4] / "docs" / "guides" / "mail.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.+?)^```$", GUIDE, re.M | re.S)


@dataclass(frozen=True, slots=True)
class Loan:
    """What the guide takes for granted."""

    id: UUID
    reader_id: UUID
    book: str
    due_at: datetime
    fee: Money


@pytest.fixture(scope="module")
def guide():
    found = {
        "Kind": Kind,
        "Loan": Loan,
        "MailFolder": MailFolder,
        "NotificationService": NotificationService,
        "UnitOfWork": UnitOfWork,
    }
    for block in blocks("python"):
        exec(compile(block, "docs/guides/mail.md", "exec"), found)
    return found


@pytest.fixture
def templates(application, tmp_path, monkeypatch):
    """The templates of the guide in a module `library`."""
    package = tmp_path / "src" / f"library_{ids.new().hex}"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for name, text in zip(("bill.txt", "bill.html", "bill.json"), (*blocks("jinja"), *blocks("json")), strict=True):
        (package / "templates" / name).write_text(text)
    monkeypatch.syspath_prepend(package.parent)
    modules = [*application.modules, Module("library", package.name)]
    made = Templates(modules, {"service_name": "Library", "public_url": "https://library.example"})
    application.ports.singleton(Templates, lambda: made)
    return made


async def test_the_test_of_the_guide_passes(guide, templates, app, application, ada):
    loan = Loan(ids.new(), ada.id, "Middlemarch", datetime(2026, 11, 20, tzinfo=UTC), Money(150, "EUR"))

    await guide["test_the_reader_gets_a_bill"](app, application, loan)

    (notification,) = (await app.as_(ada).get("/api/v1/notifications?kind=library.due")).json()["data"]
    assert notification["data"] == {"loanId": str(loan.id)}


async def test_the_sample_of_the_guide_fits_its_template(templates):
    words = templates.render("library/bill", json.loads(blocks("json")[0]))

    assert words.subject == "Middlemarch was due on 20 November 2026"
    assert "1.50 EUR" in (words.html or "")
