"""Kinds of notifications for the tests, and a way to tell people things."""

import pytest

from mainspring.core.mail.folder import MailFolder
from mainspring.modules.notifications.ports import Kind
from mainspring.modules.notifications.service import NotificationService

NEWS = Kind("tests.news", "News about tests")
DIGEST = Kind("tests.digest", "A summary by mail", in_app=False, mail=True)
ALARM = Kind("tests.alarm", "Danger to an account", mail=True, required=True)


@pytest.fixture
def tell(application):
    """Notifies a user in a unit of its own."""

    async def told(user, kind=NEWS, title="Hello", body="", data=None):
        async with application.unit() as uow:
            return await NotificationService(uow).notify(user.id, kind, title, body, data)

    return told


@pytest.fixture
def mailed(app, application):
    """Does what is due, and answers the mails that were written, newest first, but those of auth with a link."""

    async def found():
        await app.work()
        return [mail for mail in await application.resolve(MailFolder).newest(100) if not mail.subject.startswith("Confirm")]

    return found
