"""Secrets that the program makes itself at its first start, in the data folder (R-087, ARCHITECTURE 7)."""

import fcntl
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


def kept_secrets(text: str) -> list[str]:
    """The secrets in a file of `keep_secret`, with commas between; the first is used for what is new."""
    return [one for one in text.strip().split(",") if one]


def put_in_front(data_dir: Path, name: str) -> int:
    """Make a new secret before those of the file; how many there are now. The older ones still read what is old."""
    keep_secret(data_dir, name)
    return _rewritten(data_dir / KEYS / name, lambda kept: [fresh_secret().decode(), *kept])


def keep_first(data_dir: Path, name: str) -> int:
    """Remove all secrets of the file but the first; how many went."""
    path = data_dir / KEYS / name
    if not path.exists():
        return 0
    before = len(kept_secrets(path.read_text()))
    return before - _rewritten(path, lambda kept: kept[:1])


def _rewritten(path: Path, change: Callable[[list[str]], list[str]]) -> int:
    """Replace the file in one step, one process after the other; how many secrets it has."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        secrets_now = change(kept_secrets(path.read_text()))
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(",".join(secrets_now))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        os.fsync(folder)
        return len(secrets_now)
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
