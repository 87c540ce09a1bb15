"""The ceiling: the same two routes, the same SQL and round trips, and nothing else.

A pure ASGI program without framework, model, error handling, log, or header that it could do without. It says what this machine
can do in Python at all; Mainspring's figures are read as a share of it. It runs under granian with uvloop.
Environment: `CEILING_DATABASE_URL`, `CEILING_PUBLIC_KEY` (a PEM file), `CEILING_POOL` (connections of a process).
"""

import gc
import os
import time
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from uuid_utils.compat import uuid7

from .ceiling_storage import Storage, open_storage

PADDING, HASH = PKCS1v15(), SHA256()
JSON = [(b"content-type", b"application/json")]
LIMIT = 20  # one row more is asked for, to know whether there is a next page

storage: Storage
key: RSAPublicKey


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # Any: the callables of ASGI
    """Answer `GET /api/v1/products` with a slice of 20 and `POST /api/v1/products` with the new product."""
    if scope["type"] == "lifespan":
        return await live(receive, send)
    for name, value in scope["headers"]:
        if name == b"authorization":
            claims = verified(value[7:])
            break
    else:
        return await answer(send, 401, b"{}")
    if scope["method"] == "GET":
        rows = await storage.products()
        cursor = str(rows[LIMIT - 1][0]) if len(rows) > LIMIT else None
        page = {
            "data": [shown(row) for row in rows[:LIMIT]],
            "pagination": {"limit": LIMIT, "nextCursor": cursor, "prevCursor": None},
        }
        return await answer(send, 200, orjson.dumps(page, option=orjson.OPT_UTC_Z))
    body = (await receive())["body"]
    wish = orjson.loads(body)
    price, now, id = wish["price"], datetime.now(UTC), uuid7()
    row = await storage.add(
        (id, wish["name"], wish["description"], wish["category"], price["amount"], price["currency"], wish["stock"], now),
        (uuid7(), UUID(claims["sub"]), "catalog.product_created", "products", str(id), body.decode(), "127.0.0.1", "", "", now),
    )
    return await answer(send, 201, orjson.dumps(shown(row), option=orjson.OPT_UTC_Z))


def verified(token: bytes) -> dict[str, Any]:
    """The claims of a token whose RS256 signature is right and whose time has not come; checked anew on each request."""
    signed, _, signature = token.rpartition(b".")
    key.verify(urlsafe_b64decode(signature + b"=="), signed, PADDING, HASH)
    claims: dict[str, Any] = orjson.loads(urlsafe_b64decode(signed.partition(b".")[2] + b"=="))
    if claims["exp"] < time.time():
        raise PermissionError("The token has expired.")
    return claims


def shown(row: Any) -> dict[str, Any]:
    """A row as the client sees it."""
    id, name, description, category, amount, currency, stock, _, created_at, updated_at = row
    return {
        "id": str(id),
        "name": name,
        "description": description,
        "category": category,
        "price": {"amount": amount, "currency": currency},
        "stock": stock,
        "createdAt": created_at,
        "updatedAt": updated_at,
    }


async def answer(send: Any, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": JSON})
    await send({"type": "http.response.body", "body": body})


def load_key() -> RSAPublicKey:
    loaded = load_pem_public_key(Path(os.environ["CEILING_PUBLIC_KEY"]).read_bytes())
    assert isinstance(loaded, RSAPublicKey)
    return loaded


async def live(receive: Any, send: Any) -> None:
    global storage, key
    await receive()
    key = load_key()
    storage = await open_storage(os.environ["CEILING_DATABASE_URL"], int(os.environ.get("CEILING_POOL", "16")))
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await storage.close()
    await send({"type": "lifespan.shutdown.complete"})
