"""An authenticator app for tests, and users who have one."""

from base64 import b32decode
from dataclasses import dataclass, field
from datetime import timedelta

import pyotp

from mainspring.core import clock
from mainspring.testing.client import AppClient, SignedIn

STEP = timedelta(seconds=30)
MFA = "/api/v1/auth/mfa"
LOGIN = "/api/v1/auth/login"


@dataclass
class AuthenticatorApp:
    """Shows the code of now, and of the steps beside it. Codes are asked for so that no test fails when a step ends meanwhile."""

    secret: str
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, steps: int = 0) -> str:
        return str(pyotp.TOTP(self.secret).at(clock.now() + steps * STEP))

    def fresh_code(self) -> str:
        """The code of the next step, which is taken already; the one of now was used to confirm the app."""
        return self.code(1)

    def wrong_code(self) -> str:
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06d}".format, range(1000)) if code not in near)


async def enrolled(app: AppClient, user: SignedIn) -> AuthenticatorApp:
    """The user's app, which has not shown a code yet."""
    answer = (await app.as_(user).post(f"{MFA}/totp/enroll")).raise_for_status().json()
    assert len(b32decode(answer["secret"] + "=" * 4)) == 32
    return AuthenticatorApp(answer["secret"])


async def with_totp(app: AppClient, user: SignedIn) -> AuthenticatorApp:
    """The user's app, confirmed with the code of now."""
    authenticator = await enrolled(app, user)
    answer = await app.as_(user).post(f"{MFA}/totp/activate", json={"code": authenticator.code()})
    authenticator.recovery_codes = answer.raise_for_status().json()["recoveryCodes"]
    return authenticator


async def asked(app: AppClient, user: SignedIn, transport: str = "bearer", **options: object) -> str:
    """The token of a sign-in that waits for the second factor."""
    wish = {"email": user.email, "password": user.password, "transport": transport}
    return str((await app.post(LOGIN, json=wish, **options)).raise_for_status().json()["mfaToken"])
