"""The web: what a module's `routes.py` and `schemas.py` import."""

from .conditional import IfMatch
from .cookies import Cookie
from .dependencies import Answer, App, CallContext, ReadUnit, Reply, WriteUnit
from .pages import ListQuery, PageOut, pagination_of
from .problems import problems
from .routing import Router
from .schemas import Out, Schema
from .versions import Leaving

__all__ = [
    "Answer",
    "App",
    "CallContext",
    "Cookie",
    "IfMatch",
    "Leaving",
    "ListQuery",
    "Out",
    "PageOut",
    "ReadUnit",
    "Reply",
    "Router",
    "Schema",
    "WriteUnit",
    "pagination_of",
    "problems",
]
