"""Reading the mails that the application wrote, and the secrets in them."""

import re

from mainspring.core.mail.folder import MailFolder

LINK = re.compile(r"http://localhost:8000/([a-z-]+)#token=([0-9a-f]{64})\s")


class Mailbox:
    """Does what is due, then looks at the mails to one address."""

    def __init__(self, app, address):
        self.app, self.address = app, address

    async def mails(self):
        """Newest first."""
        await self.app.work()
        found = await self.app.application.resolve(MailFolder).newest(200)
        return [mail for mail in found if self.address in mail.to]

    async def secret(self, purpose):
        """The secret of the newest link of a purpose."""
        return (await self.secrets(purpose))[0]

    async def secrets(self, purpose):
        """Those of all links of a purpose, newest first."""
        found = [LINK.search(mail.text) for mail in await self.mails()]
        return [link[2] for link in found if link and link[1] == purpose]
