"""`/mail`: what the local twin wrote, for the people who build the application. Production has no such page (decision 78)."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from ..application import Application
from ..errors import NotFound
from ..http.dependencies import App
from ..http.routing import Router
from ..security.guard import public
from .folder import KeptMail, MailFolder
from .ports import Mailer

if TYPE_CHECKING:
    from jinja2 import Environment

PAGES = Path(__file__).with_name("pages")
ON_A_PAGE = 50
LOCAL = "localhost"
View = Literal["html", "text", "source"]

router = Router(root=True, dependencies=[public], include_in_schema=False)

# What a mail contains was written by others: no script, no form, no file from elsewhere; links open in a new tab.
POLICY_OF_A_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'; form-action 'none'; "
    "base-uri 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@router.get("/mail")
async def mail_list(request: Request, application: App, before: Annotated[UUID | None, Query()] = None) -> HTMLResponse:
    """The mails, newest first."""
    _refuse_strangers(request, application)
    mails = await application.resolve(MailFolder).newest(ON_A_PAGE + 1, before)
    is_sent = not isinstance(application.resolve(Mailer), MailFolder)
    older = mails[ON_A_PAGE - 1].id if len(mails) > ON_A_PAGE else None
    return _page("list.html", mails=mails[:ON_A_PAGE], older=older, before=before, is_sent=is_sent)


@router.get("/mail/{id}")
async def mail_shown(
    id: UUID,
    request: Request,
    application: App,
    view: Annotated[View | None, Query()] = None,
    phone: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """One mail: as HTML in a sandbox, as text, or as it lies in the file."""
    mail = await _found(id, request, application)
    chosen = view or ("html" if mail.html else "text")
    return _page("mail.html", mail=mail, view=chosen, phone=phone)


@router.get("/mail/{id}/html")
async def mail_html(id: UUID, request: Request, application: App) -> HTMLResponse:
    """The HTML of one mail, for the frame of the page above."""
    mail = await _found(id, request, application)
    if mail.html is None:
        raise NotFound()
    headers = {"content-security-policy": POLICY_OF_A_MAIL, "x-frame-options": "SAMEORIGIN", "cache-control": "no-store"}
    return HTMLResponse(mail.html.replace("<head>", '<head><base target="_blank">', 1), headers=headers)


async def _found(id: UUID, request: Request, application: Application) -> KeptMail:
    _refuse_strangers(request, application)
    mail = await application.resolve(MailFolder).of_id(id)
    if mail is None:
        raise NotFound()
    return mail


def _refuse_strangers(request: Request, application: Application) -> None:
    """Other sites can point a name of theirs at this machine and read along (DNS rebinding), so foreign names find nothing."""
    asked = request.url.hostname or ""
    if asked == LOCAL or asked.endswith(f".{LOCAL}") or asked == urlsplit(application.settings.public_url).hostname:
        return
    try:
        ip_address(asked)
    except ValueError:
        raise NotFound() from None


def _page(name: str, **values: Any) -> HTMLResponse:
    style = _style()
    policy = (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy, "cache-control": "no-store"}
    return HTMLResponse(_pages().get_template(name).render(style=style, **values), headers=headers)


@cache
def _pages() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _style() -> str:
    return (PAGES / "style.css").read_text(encoding="utf-8")
