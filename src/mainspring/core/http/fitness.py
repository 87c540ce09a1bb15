"""Which routes take an `Idempotency-Key`, and which may be an operation of a batch (decisions 27 and 28)."""

import inspect
from collections.abc import Collection
from typing import Any

from fastapi.routing import RouteContext

from . import dependencies as known
from .batch import operations_of_request
from .bodies import FormBody, NoBody, UnreadBody
from .cookie_sessions import cookies_of_request
from .sagas import saga_of

Calls = Collection[Any]  # Any: functions of any kind
CREATES = (201, 202, 204)  # 204 has nothing that could be kept


def may_be_kept(route: RouteContext, calls: Calls, body: NoBody) -> bool:
    """Whether the answer may lie in the table of kept answers for a day.

    Not one that holds a secret or sets cookies, nor one whose request or answer is bytes of any kind. Where a router says that
    its answers are stored nowhere, only those to creating something and empty ones are kept, or what says so itself.
    """
    if known.answered_afresh in calls or cookies_of_request in calls:
        return False
    if isinstance(body, UnreadBody | FormBody) or not has_known_answer(route):
        return False
    is_secret = getattr(route.original_route, "never_stored", False)
    return not is_secret or route.status_code in CREATES or known.answered_once in calls


def has_known_answer(route: RouteContext) -> bool:
    """Whether the route answers a declared model, or nothing."""
    return route.response_field is not None or route.status_code == 204 or _returns_nothing(route.endpoint)


def _returns_nothing(endpoint: Any) -> bool:
    return inspect.signature(endpoint, eval_str=True).return_annotation is None


def is_never_stored(route: RouteContext, calls: Calls) -> bool:
    """Whether answers of the route are kept nowhere on the way (ASVS 14.3.2)."""
    return bool(getattr(route.original_route, "never_stored", False)) or known.answered_afresh in calls


def unfit_for_batch(route: RouteContext, calls: Calls, body: NoBody, *, foreign: bool, native: bool) -> str | None:
    """Why the route cannot be an operation of a batch, in a sentence; None where it can."""
    if operations_of_request in calls:
        return "A batch cannot hold another one."
    if not (route.path or "").startswith("/api/"):
        return "It is no operation of the API."
    if saga_of in calls or known.application_of in calls:
        return "It works in several transactions."
    if native or not has_known_answer(route):
        return "Its answer is no JSON."
    if isinstance(body, UnreadBody | FormBody):
        return "Its body is no JSON."
    if known.asked_alone in calls:
        return "It is asked alone."
    if cookies_of_request in calls or is_never_stored(route, calls):
        return "Its answer sets cookies, or may be stored nowhere."
    if foreign:
        return "It asks for something that only a request of its own has."
    return None
