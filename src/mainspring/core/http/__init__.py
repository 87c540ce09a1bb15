"""The web: what a module's `routes.py` and `schemas.py` import."""

from .batch import Operations
from .caching import cache_control
from .conditional import IfMatch
from .cookie_sessions import Cookies, CookieSession, Kept
from .cookies import Cookie
from .dependencies import Answer, App, CallContext, RawRequest, ReadUnit, Reply, WriteUnit, alone, repeatable, shown_once
from .limiting import limit
from .links import offered_if
from .operation import Operation
from .pages import ListQuery, PageOut, pagination_of
from .problems import problems
from .routing import Router
from .sagas import Saga
from .schemas import Moment, Out, Schema, whole
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
    "Moment",
    "Operation",
    "Operations",
    "Out",
    "PageOut",
    "RawRequest",
    "ReadUnit",
    "Reply",
    "Router",
    "Saga",
    "Schema",
    "WriteUnit",
    "alone",
    "cache_control",
    "limit",
    "offered_if",
    "pagination_of",
    "problems",
    "repeatable",
    "shown_once",
    "whole",
]
