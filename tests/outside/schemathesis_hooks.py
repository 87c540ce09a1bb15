"""Loaded by schemathesis in an environment of its own: who asks, and which refusals rest on rules that no schema can state."""

import itertools
import json
import os
import urllib.request
from urllib.error import HTTPError

import schemathesis
from schemathesis.specs.openapi.checks import RejectedPositiveData

ACCOUNTS = json.loads(os.environ.get("FUZZ_ACCOUNTS", "[]"))  # of one role: e-mail and password, spent from the front
URL = os.environ.get("FUZZ_URL", "")
numbers = itertools.count()

# What a request may break although the schema allows it. Any other refusal of such a request is a failure.
BEYOND_SCHEMA = {
    "account": "two fields must fit together",
    "app_password_refused": "depends on the account",
    "cursor_invalid": "a cursor is signed by the server",
    "duration_out_of_range": "the bounds of a duration, whatever its unit",
    "email_invalid": "an address that could get mail, which `format: email` does not say",
    "in_the_past": "depends on the clock",
    "life_too_long": "depends on a setting",
    "missing": "depends on what the account has: a password, a second factor",
    "name_invalid": "letters of any script, printable: classes of Unicode that regular expressions of JSON Schema lack",
    "name_required": "one of two fields",
    "nothing_wished": "one of two fields",
    "nul": "no text holds NUL, at any depth of a free document",
    "not_found": "names a thing that is not there",
    "one_factor": "one of three fields",
    "overlap_too_long": "depends on a setting",
    "public": "two fields must fit together",
    "reason_invalid": "printable: as name_invalid",
    "redirect_refused": "which addresses are safe to be sent to",
    "redirects": "two fields must fit together",
    "refresh": "two fields must fit together",
    "same_ids": "no two alike among fields",
    "scope_unknown": "depends on the installed modules",
    "twice": "no two alike among texts",
    "too_many": "a sum over a list",
    "two_ends": "one of two fields",
    "unknown_kind": "depends on the installed modules",
    "unknown": "depends on the installed modules",
    "url_invalid": "an address that a browser opens, which `format: uri` does not say",
}
"""The code of a field's problem, and why the schema does not say it."""

FREE = "a free document of WebAuthn: no number that a double cannot hold"
REFUSING = {
    "askToSignOut": "which clients exist, and where they may send people",
    "authorize": "which clients exist, and where they may send people",
    "authorizeByForm": "as authorize, to which it leads",
    "authorizeOauthDevice": "which scopes a client may ask for",
    "issueOauthTokens": "which grants are alive (RFC 6749 5.2 has 400 for them)",
    "pushOauthRequest": "what a client may ask for",
    "registerPasskey": FREE,
    "signInWithPasskey": FREE,
    "stepUp": FREE,
    "verifySecondFactor": FREE,
    "hearSocialLogout": "whether the provider signed it (OpenID Connect Back-Channel Logout 1.0, 2.8)",
    "receiveWebhook": "whether the gateway signed it",
    "registerOauthClient": "which metadata go together (RFC 7591 3.2.2 has 400 for them)",
    "signOutOnPage": "as askToSignOut",
}
"""Operations that answer 400 for what no schema can state, by OAuth's rules or by a signature."""


def _post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Role:
    """An account of the role, signed in again whenever its session was ended, and replaced when it was itself."""

    def get(self, case, context):
        while ACCOUNTS:
            try:
                answer = _post("/api/v1/auth/login", ACCOUNTS[0])
                if "accessToken" in answer:
                    return answer["accessToken"]
            except HTTPError as refused:
                refused.close()
            ACCOUNTS.pop(0)
        raise RuntimeError("every account of this role was spent")

    def set(self, case, data, context):
        if case.operation.definition.raw.get("security"):  # elsewhere a client of OAuth would prove itself twice
            case.headers["Authorization"] = f"Bearer {data}"


if ACCOUNTS:
    schemathesis.auth(refresh_interval=1800)(Role)


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key that was used for another request is refused, rightly: each valid one is used once."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and case.meta is not None and case.meta.generation.mode.is_positive:
        quoted = len(key) > 1 and key.startswith('"')
        rest = key[1:-1][:200] if quoted else key[:200]
        if quoted and (len(rest) - len(rest.rstrip("\\"))) % 2:
            rest = rest[:-1]  # half of an escape
        name = f"{next(numbers)}-{rest}"
        case.headers["Idempotency-Key"] = f'"{name}"' if quoted else name


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether it is one: refusing what the schema allows is right where a rule says so that the schema cannot state."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    if response.status_code == 400 and case.operation.definition.raw["operationId"] in REFUSING:
        return False
    return not _rests_on_a_rule(response)


def _rests_on_a_rule(response):
    try:
        error = response.json()["error"]
        code, details = error["code"], error["details"]
    except (ValueError, KeyError, TypeError):
        return False
    if code == "batch.operation_failed":  # the schema of a batch does not hold those of the operations in it
        return True
    return bool(details) and isinstance(details, list) and all(one.get("code") in BEYOND_SCHEMA for one in details)
