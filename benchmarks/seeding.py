"""Fills an original: 1,000 products, 200 users with a session each, and their access tokens."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from .subjects import mainspring_environment

PRODUCTS, USERS = 1_000, 200
CATEGORIES = ("garden", "kitchen", "books", "music", "tools")


def make_keys(folder: Path) -> Path:
    """An RSA key of 3072 bits, as Mainspring makes it, in `private.pem` and `public.pem`."""
    key = rsa.generate_private_key(65_537, 3072)
    folder.mkdir()
    (folder / "private.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(public)
    return folder


def seed(url: str, keys: Path, folder: Path) -> Path:
    """Migrate and fill the database; the file with one access token a line. They are valid for an hour."""
    folder.mkdir()
    environment = mainspring_environment(url, keys, folder)
    tokens = folder / "tokens"
    tokens.write_text("\n".join(asyncio.run(fill(environment))))
    return tokens


async def fill(environment: dict[str, str]) -> list[str]:
    """Add users, sessions and products through the statements of Mainspring, and issue the tokens."""
    from mainspring.core import clock, ids
    from mainspring.core.application import create_application
    from mainspring.core.database import Statement, insert_into
    from mainspring.core.database.migrate import Migrations
    from mainspring.core.security.tokens import AccessTokens
    from mainspring.core.settings import load_settings
    from mainspring.modules.access.models import UserRole
    from mainspring.modules.auth.models import Session
    from mainspring.modules.catalog.models import Product
    from mainspring.modules.users.models import User

    os.environ.update(environment)
    application = create_application(load_settings(environment))
    await Migrations(application).up()
    await application.start()
    now = clock.now()
    users: list[dict[str, Any]] = [
        {"id": ids.new(), "email": f"person{number}@bench.example", "name": f"Person {number}", "is_active": True,
         "email_verified": True, "mfa_enabled": False, "kind": "person"}
        for number in range(USERS)
    ]  # fmt: skip
    sessions: list[dict[str, Any]] = [
        {"id": ids.new(), "user_id": user["id"], "method": "password", "authenticated_at": now, "transport": "bearer",
         "created_at": now, "last_used_at": now, "expires_at": now + timedelta(days=7)}
        for user in users
    ]  # fmt: skip
    products: list[dict[str, Any]] = [
        {"id": ids.new(), "name": f"Product {number}", "description": f"A thing that is quite useful about the house, {number}",
         "category": CATEGORIES[number % 5], "price_amount": 100 + number, "price_currency": "EUR", "stock": number,
         "created_at": now - timedelta(minutes=PRODUCTS - number), "updated_at": now}
        for number in range(PRODUCTS)
    ]  # fmt: skip
    async with application.unit() as uow:
        moderator = await uow.value(moderator_role())
        roles = [{"user_id": user["id"], "role_id": moderator, "assigned_at": now, "assigned_by": None} for user in users]
        for model, rows in ((User, users), (Session, sessions), (UserRole, roles), (Product, products)):
            given = [name for name in rows[0] if name not in ("id", "created_at", "updated_at")]
            await uow.run_many(Statement(insert_into(model, *given)), rows)
    issuer = application.resolve(AccessTokens)
    tokens = [issuer.issue(session["user_id"], session["id"], roles=["moderator"]).text for session in sessions]
    await application.stop()
    return tokens


def moderator_role() -> Any:
    from uuid import UUID

    from sqlalchemy import select

    from mainspring.core.database import Statement
    from mainspring.modules.access.models import Role

    return Statement(select(Role.id).where(Role.name == "moderator"), UUID)
