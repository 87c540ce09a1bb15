"""The outermost form of a backup: a line that says how, then pieces of a MiB, each with its tag.

Encrypted pieces are AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase and a salt of this file alone. The
nonce counts the pieces and marks the last (the STREAM construction), and the first line is authenticated with each. So a bit
that turned, a piece that is missing, moved or taken from another file, and a file that was cut are refused. Without a passphrase
the tag is a SHA-256, against damage only.
"""

import hashlib
import os
import re
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .refusals import ArchiveDamaged, BackupRefused

PIECE = 1024 * 1024
SALT_BYTES = 16
SHORTEST_PASSPHRASE = 16
COST = 2**17  # 128 MiB and a good third of a second; a change is another format
FIRST_LINE = re.compile(rb"mainspring-backup (\d+) (?:plain|scrypt-aes-256-gcm ([0-9a-f]{32}))\n")
LONGEST_LINE = 100
FORMAT = 1


class Seal(Protocol):
    """Closes and opens pieces; `tag_bytes` longer when closed."""

    tag_bytes: int

    def close(self, piece: bytes, number: int, is_last: bool) -> bytes:
        """The piece with its tag."""
        ...

    def open(self, closed: bytes, number: int, is_last: bool) -> bytes:
        """The piece. Raises ArchiveDamaged."""
        ...


class HashedPieces:
    """Against damage."""

    tag_bytes = 32

    def __init__(self, line: bytes) -> None:
        self._line = line

    def close(self, piece: bytes, number: int, is_last: bool) -> bytes:
        """The piece and its SHA-256."""
        return piece + self._tag(piece, number, is_last)

    def open(self, closed: bytes, number: int, is_last: bool) -> bytes:
        """The piece. Raises ArchiveDamaged."""
        piece, tag = closed[: -self.tag_bytes], closed[-self.tag_bytes :]
        if tag != self._tag(piece, number, is_last):
            raise ArchiveDamaged
        return piece

    def _tag(self, piece: bytes, number: int, is_last: bool) -> bytes:
        return hashlib.sha256(self._line + _nonce(number, is_last) + piece).digest()


class EncryptedPieces:
    """Against readers and writers who do not know the passphrase."""

    tag_bytes = 16

    def __init__(self, line: bytes, passphrase: str, salt: bytes) -> None:
        self._line = line
        self._key = AESGCM(Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode()))

    def close(self, piece: bytes, number: int, is_last: bool) -> bytes:
        """The piece, encrypted."""
        return self._key.encrypt(_nonce(number, is_last), piece, self._line)

    def open(self, closed: bytes, number: int, is_last: bool) -> bytes:
        """The piece. Raises ArchiveDamaged."""
        try:
            return self._key.decrypt(_nonce(number, is_last), closed, self._line)
        except InvalidTag:
            raise ArchiveDamaged("The backup is damaged, or the passphrase is another one") from None


class SealedWriter:
    """Writes a backup's outermost form; `finish` writes the last piece, without which the file is refused."""

    def __init__(self, file: BinaryIO, passphrase: str | None) -> None:
        line, self._seal = _begun(passphrase)
        self._file, self._number = file, 0
        self._packer, self._rest = zlib.compressobj(1), bytearray()
        file.write(line)

    def write(self, data: bytes) -> int:
        """Take bytes; as a file does."""
        self._rest += self._packer.compress(data)
        while len(self._rest) > PIECE:
            self._put(bytes(self._rest[:PIECE]), is_last=False)
            del self._rest[:PIECE]
        return len(data)

    def finish(self) -> None:
        """The end."""
        self._rest += self._packer.flush()
        while len(self._rest) > PIECE:
            self._put(bytes(self._rest[:PIECE]), is_last=False)
            del self._rest[:PIECE]
        self._put(bytes(self._rest), is_last=True)

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._seal.close(piece, self._number, is_last))
        self._number += 1


class SealedReader:
    """Reads it; every byte that is answered was checked. Raises ArchiveDamaged."""

    def __init__(self, file: BinaryIO, passphrase: str | None) -> None:
        self._file, self._number = file, 0
        self._seal = _found(file.readline(LONGEST_LINE), passphrase)
        self._length = PIECE + self._seal.tag_bytes
        self._next = file.read(self._length)
        self._unpacker, self._packed, self._is_over = zlib.decompressobj(), b"", False

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end; as a file does."""
        found = bytearray()
        while len(found) < size:
            if not self._packed and not self._is_over:
                self._packed = self._piece()
            try:
                found += self._unpacker.decompress(self._packed, size - len(found))
            except zlib.error:
                raise ArchiveDamaged from None
            self._packed = self._unpacker.unconsumed_tail
            if self._is_over and not self._packed and len(found) < size:
                break
        return bytes(found)

    def drain(self) -> None:
        """Read to the end, so that nothing is left unchecked."""
        while self.read(PIECE):
            pass
        if not self._unpacker.eof or self._unpacker.unused_data:
            raise ArchiveDamaged

    def _piece(self) -> bytes:
        closed, self._next = self._next, self._file.read(self._length)
        if len(closed) < self._seal.tag_bytes:
            raise ArchiveDamaged
        self._is_over = not self._next
        piece = self._seal.open(closed, self._number, self._is_over)
        self._number += 1
        return piece


def is_backup(path: Path) -> bool:
    """Whether a file begins as a backup does."""
    with path.open("rb") as file:
        return FIRST_LINE.fullmatch(file.readline(LONGEST_LINE)) is not None


def _begun(passphrase: str | None) -> tuple[bytes, Seal]:
    if passphrase is None:
        line = f"mainspring-backup {FORMAT} plain\n".encode()
        return line, HashedPieces(line)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BackupRefused(f"The passphrase must have at least {SHORTEST_PASSPHRASE} characters.")
    salt = os.urandom(SALT_BYTES)
    line = f"mainspring-backup {FORMAT} scrypt-aes-256-gcm {salt.hex()}\n".encode()
    return line, EncryptedPieces(line, passphrase, salt)


def _found(line: bytes, passphrase: str | None) -> Seal:
    read = FIRST_LINE.fullmatch(line)
    if read is None:
        raise ArchiveDamaged("This is no backup of Mainspring, or it is damaged")
    if int(read[1]) != FORMAT:
        raise BackupRefused(f"The backup has format {int(read[1])}, and this version knows {FORMAT}. Install a newer one.")
    if read[2] is None:
        return HashedPieces(line)
    if passphrase is None:
        raise BackupRefused("The backup is encrypted. Give --passphrase-file.")
    return EncryptedPieces(line, passphrase, bytes.fromhex(read[2].decode()))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
