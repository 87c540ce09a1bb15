"""The outermost form of a backup: what was written is read, and nothing else is."""

import io

import pytest

from mainspring.core.backup import sealing
from mainspring.core.backup.refusals import ArchiveDamaged, BackupRefused
from mainspring.core.backup.sealing import PIECE, SealedReader, SealedWriter

PASSPHRASE = "sixteen letters!"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(sealing, "COST", 2**4)


@pytest.fixture(params=[None, PASSPHRASE], ids=["plain", "encrypted"])
def passphrase(request):
    return request.param


def sealed(data: bytes, passphrase: str | None) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, passphrase)
    for start in range(0, len(data), 100_000):
        writer.write(data[start : start + 100_000])
    writer.finish()
    return file.getvalue()


def opened(closed: bytes, passphrase: str | None) -> bytes:
    reader, found = SealedReader(io.BytesIO(closed), passphrase), b""
    while piece := reader.read(70_001):
        found += piece
    reader.drain()
    return found


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(sealing, "PIECE", 64)


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 5000])
def test_what_was_written_is_read(passphrase, small_pieces, size):
    data = random_bytes(size)

    assert opened(sealed(data, passphrase), passphrase) == data


def test_pieces_of_full_size_are_read(passphrase):
    data = random_bytes(2 * PIECE + 17)

    assert opened(sealed(data, passphrase), passphrase) == data


def test_no_flipped_bit_is_believed(passphrase, small_pieces):
    closed = sealed(random_bytes(300), passphrase)

    for at in range(len(closed)):
        changed = bytearray(closed)
        changed[at] ^= 1 << (at % 8)
        with pytest.raises(BackupRefused):
            opened(bytes(changed), passphrase)


def test_a_file_that_was_cut_or_grew_is_refused(passphrase, small_pieces):
    closed = sealed(random_bytes(300), passphrase)

    for length in range(len(closed)):
        with pytest.raises(BackupRefused):
            opened(closed[:length], passphrase)
    with pytest.raises(ArchiveDamaged):
        opened(closed + b"x", passphrase)


def test_pieces_in_another_order_are_refused(passphrase, small_pieces):
    closed = sealed(random_bytes(300), passphrase)
    line, length = closed.index(b"\n") + 1, 64 + (32 if passphrase is None else 16)
    first, second = closed[line : line + length], closed[line + length : line + 2 * length]

    with pytest.raises(ArchiveDamaged):
        opened(closed[:line] + second + first + closed[line + 2 * length :], passphrase)


def test_encrypted_data_is_not_in_the_file_and_needs_its_passphrase():
    closed = sealed(b"a secret word " * 10, PASSPHRASE)

    assert b"secret" not in closed
    with pytest.raises(ArchiveDamaged, match="passphrase is another one"):
        opened(closed, "another passphrase")
    with pytest.raises(BackupRefused, match="is encrypted"):
        opened(closed, None)


def test_two_files_of_one_passphrase_have_nothing_in_common():
    one, other = sealed(bytes(100), PASSPHRASE), sealed(bytes(100), PASSPHRASE)

    assert one.partition(b"\n")[0] != other.partition(b"\n")[0]
    assert one.partition(b"\n")[2] != other.partition(b"\n")[2]


def test_a_short_passphrase_and_a_newer_format_are_refused():
    with pytest.raises(BackupRefused, match="at least 16 characters"):
        SealedWriter(io.BytesIO(), "short")
    with pytest.raises(BackupRefused, match="has format 2"):
        SealedReader(io.BytesIO(b"mainspring-backup 2 plain\nxyz"), None)


def random_bytes(size: int) -> bytes:
    import random

    return random.Random(size).randbytes(size)
