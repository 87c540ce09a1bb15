"""The web: what a module's `routes.py` and `schemas.py` import."""

from .conditional import IfMatch
from .cookie_sessions import Cookies, CookieSession, Kept
from .cookies import Cookie
from .dependencies import Answer, App, CallContext, RawRequest, ReadUnit, Reply, WriteUnit, repeatable, shown_once
from .pages import ListQuery, PageOut, pagination_of
from .problems import problems
from .routing import Router
from .sagas import Saga
from .schemas import Out, Schema
from .versions import Leaving

__all__ = [
    "Answer",
    "App",
    "CallContext",
    "Cookie",
    "CookieSession",
    "Cookies",
    "IfMatch",
    "Kept",
    "Leaving",
    "ListQuery",
    "Out",
    "PageOut",
    "RawRequest",
    "ReadUnit",
    "Reply",
    "Router",
    "Saga",
    "Schema",
    "WriteUnit",
    "pagination_of",
    "problems",
    "repeatable",
    "shown_once",
]
