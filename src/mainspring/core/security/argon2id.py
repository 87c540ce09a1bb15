"""Argon2id in one thread (RFC 9106), by the library's low-level binding.

The library computes the lanes of a hash in as many threads. Where a slot is a core that only costs: with four threads a hash took
0.17 s of processor time, with one 0.16, and two slots ran eight threads beside the event loops. Lanes stay part of the hash,
so it is the same hash and any other program verifies it.
"""

import hmac
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass

import argon2
from argon2.low_level import ARGON2_VERSION, Type, core, ffi

OK = NO_FLAGS = 0  # of argon2.h
MOST_MEMORY_KIB = 2 * 1024 * 1024  # a hash that asks for more is damaged
SALT_BYTES, DIGEST_BYTES = 16, 32


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one hash costs: memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int


def hashed(secret: bytes, cost: Argon2Cost) -> str:
    """The secret's hash with a new salt, in PHC form."""
    salt = os.urandom(SALT_BYTES)
    return _phc(cost, salt, _digest(secret, salt, cost, DIGEST_BYTES))


def matches(secret: bytes, stored: str) -> bool:
    """Whether the secret is the one behind the hash; False for what is no Argon2 hash. Compared in constant time."""
    try:
        parameters = argon2.extract_parameters(stored)
        if parameters.type is not Type.ID or parameters.version != ARGON2_VERSION:  # imported, older kinds
            return argon2.PasswordHasher().verify(stored, secret)
        salt, digest = (_bytes(part) for part in stored.split("$")[-2:])
        cost = Argon2Cost(parameters.memory_cost, parameters.time_cost, parameters.parallelism)
        return hmac.compare_digest(_digest(secret, salt, cost, len(digest)), digest)
    except (argon2.exceptions.InvalidHashError, argon2.exceptions.VerificationError, ValueError):
        return False


def is_of_cost(stored: str, cost: Argon2Cost) -> bool:
    """Whether the hash was made as `hashed` makes it at this cost."""
    try:
        found = argon2.extract_parameters(stored)
    except argon2.exceptions.InvalidHashError:
        return False
    same_cost = (found.memory_cost, found.time_cost, found.parallelism) == (cost.memory_kib, cost.passes, cost.lanes)
    same_form = (found.type, found.version, found.salt_len, found.hash_len) == (Type.ID, ARGON2_VERSION, SALT_BYTES, DIGEST_BYTES)
    return same_cost and same_form


def decoy(cost: Argon2Cost) -> str:
    """A hash that no secret has: its digest is random. Checking it takes as long as checking a real one."""
    return _phc(cost, os.urandom(SALT_BYTES), os.urandom(DIGEST_BYTES))


def _digest(secret: bytes, salt: bytes, cost: Argon2Cost, length: int) -> bytes:
    if cost.memory_kib > MOST_MEMORY_KIB:
        raise ValueError("this hash asks for too much memory")
    out, password, seasoning = ffi.new("uint8_t[]", length), ffi.new("uint8_t[]", secret), ffi.new("uint8_t[]", salt)
    context = ffi.new(
        "argon2_context *",
        {
            "version": ARGON2_VERSION,
            "out": out,
            "outlen": length,
            "pwd": password,
            "pwdlen": len(secret),
            "salt": seasoning,
            "saltlen": len(salt),
            "secret": ffi.NULL,
            "secretlen": 0,
            "ad": ffi.NULL,
            "adlen": 0,
            "t_cost": cost.passes,
            "m_cost": cost.memory_kib,
            "lanes": cost.lanes,
            "threads": 1,
            "allocate_cbk": ffi.NULL,
            "free_cbk": ffi.NULL,
            "flags": NO_FLAGS,
        },
    )
    failure = core(context, Type.ID.value)
    if failure != OK:
        raise ValueError(argon2.low_level.error_to_str(failure))
    return bytes(ffi.buffer(out, length))


def _phc(cost: Argon2Cost, salt: bytes, digest: bytes) -> str:
    texts = [b64encode(raw).rstrip(b"=").decode() for raw in (salt, digest)]
    return f"$argon2id$v={ARGON2_VERSION}$m={cost.memory_kib},t={cost.passes},p={cost.lanes}${texts[0]}${texts[1]}"


def _bytes(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), validate=True)
