"""What the access matrix needs of second factors: apps, codes and passkeys, made for each call."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp

from mainspring.core import clock
from mainspring.testing.client import PASSWORD, SignedIn

from ..integration.modules.auth.software_authenticator import (
    PASSKEYS,
    SoftwareAuthenticator,
    new_options,
    options_to_use,
    with_passkey,
)

if TYPE_CHECKING:
    from .test_access_matrix import Scene, Things


async def an_authenticator_app(scene: "Scene", caller: SignedIn) -> "Things":
    """One that waits for its first code."""
    answer = await scene.app.as_(caller).post("/api/v1/auth/mfa/totp/enroll")
    return {"secret": answer.raise_for_status().json()["secret"], "code": code_of(answer.json()["secret"])}


async def a_second_factor(scene: "Scene", caller: SignedIn) -> "Things":
    """An app that is confirmed."""
    app = await an_authenticator_app(scene, caller)
    body = {"code": app["code"]}
    (await scene.app.as_(caller).post("/api/v1/auth/mfa/totp/activate", json=body)).raise_for_status()
    return {"secret": app["secret"]}


async def a_sign_in_that_waits(scene: "Scene", caller: SignedIn) -> "Things":
    """The first step of a sign-in, and the code for the second."""
    app = await a_second_factor(scene, caller)
    answer = await scene.app.as_(None).post("/api/v1/auth/login", json={"email": caller.email, "password": PASSWORD})
    return {"mfaToken": answer.raise_for_status().json()["mfaToken"], "code": code_of(app["secret"], ahead=30)}


async def no_second_factor(scene: "Scene", caller: SignedIn) -> "Things":
    """A code that nobody asks for, as the password is all that the account has."""
    return {"code": "123456"}


async def a_new_passkey(scene: "Scene", caller: SignedIn) -> "Things":
    """One that the browser has just made."""
    return {"credential": SoftwareAuthenticator().make(await new_options(scene.app, caller))}


async def a_passkey_in_use(scene: "Scene", caller: SignedIn) -> "Things":
    """One that has just signed."""
    authenticator = await with_passkey(scene.app, caller)
    return {"credential": authenticator.use(await options_to_use(scene.app))}


async def no_first_step(scene: "Scene", caller: SignedIn) -> "Things":
    """Whoever signs in with a passkey alone has no token of a first step."""
    return {"mfaToken": None}


async def a_passkey(scene: "Scene", owner: SignedIn) -> "Things":
    await with_passkey(scene.app, owner)
    return {"id": (await scene.app.as_(owner).get(PASSKEYS)).json()["data"][0]["id"]}


def code_of(secret: str, ahead: int = 0) -> str:
    return str(pyotp.TOTP(secret).at(clock.after(timedelta(seconds=ahead))))
