"""Secrets that the program makes itself at its first start, in the data folder (R-087, ARCHITECTURE 7)."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

KEYS = "keys"


def fresh_secret() -> bytes:
    """Sixty-four hexadecimal characters, 256 bits from the system's generator."""
    return secrets.token_hex(32).encode()


def keep_secret(data_dir: Path, name: str, make: Callable[[], bytes] = fresh_secret) -> bytes:
    """The bytes of `DATA_DIR/keys/<name>`, made on first use.

    The file appears whole or not at all, mode 0600, and when several processes start at once all of them get the same bytes.
    """
    path = data_dir / KEYS / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, a link never replaces what another process made first
        except FileExistsError:
            return path.read_bytes()
        _sync_folder(path.parent)
    finally:
        draft.unlink()
    return path.read_bytes()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
