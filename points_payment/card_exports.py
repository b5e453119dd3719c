"""Files with card codes, always encrypted, in a storage of their own that nothing serves.

What a printer gets is encrypted to the printer's key. What is printed in the house is sealed with a key
from ``SECRET_KEY`` until it is released, so that no disk and no backup ever holds a plain code.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import pyrage  # type: ignore[import-untyped]
from cryptography.fernet import Fernet, InvalidToken
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.utils.crypto import salted_hmac

from points_payment.errors import ExportDamaged
from points_payment.kinds import ExportKind
from points_payment.models import CardProduction
from points_payment.services.issuing import IssuedCodes, parse_recipient
from points_payment.sheets import card_sheets

#: An encrypted file up to this size stays in memory.
SPOOL_BYTES = 4 * 1024 * 1024
READ_BYTES = 1024 * 1024
SUFFIXES = {ExportKind.LIST: "csv", ExportKind.SHEETS: "pdf"}


@dataclass(frozen=True, slots=True)
class StoredExport:
    name: str
    size_bytes: int
    #: Of the file as it is stored.
    sha256: str


def store_export(issued: IssuedCodes, production: CardProduction) -> StoredExport:
    """Write the codes into an encrypted file of the production's kind."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as encrypted:
        _encrypt(issued, production, encrypted)
        size, sha256 = encrypted.tell(), _sha256(encrypted)
        encrypted.seek(0)
        # A name that says nothing of its batch: it may stand in a storage's own logs.
        name = _storage().save(f"{secrets.token_hex(16)}.sealed", File(encrypted))
    return StoredExport(name=name, size_bytes=size, sha256=sha256)


@contextmanager
def opened_export(production: CardProduction) -> Iterator[IO[bytes]]:
    """The stored file, checked; closed on an error, else whoever takes it closes it.

    Raises:
        ExportDamaged: it is gone, or not what was stored.
    """
    copy = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - the response closes it
    try:
        try:
            with _storage().open(production.file_name) as stored:
                while block := stored.read(READ_BYTES):
                    copy.write(block)
        except FileNotFoundError:
            raise ExportDamaged from None
        if _sha256(copy) != production.file_sha256:
            raise ExportDamaged
        copy.seek(0)
        yield copy
    except BaseException:
        copy.close()
        raise


def delete_export(name: str) -> None:
    """Forget a file; one that is gone already is no error."""
    _storage().delete(name)


def stray_exports(*, wanted: set[str], older_than: datetime) -> list[str]:
    """Files that no production waits to release: a worker was killed after writing them."""
    storage = _storage()
    try:
        _folders, names = storage.listdir("")
    except FileNotFoundError:
        return []
    return [name for name in names if name not in wanted and storage.get_modified_time(name) < older_than]


def unseal(production: CardProduction, sealed: IO[bytes]) -> IO[bytes]:
    """What is printed in the house, in plain, in memory.

    Raises:
        ExportDamaged: it was sealed under another ``SECRET_KEY``.
    """
    with sealed:
        try:
            return io.BytesIO(_own_seal(production).decrypt(sealed.read()))
        except InvalidToken:
            raise ExportDamaged from None


def _encrypt(issued: IssuedCodes, production: CardProduction, target: IO[bytes]) -> None:
    if production.printer is None:
        target.write(_own_seal(production).encrypt(_plain(issued, production)))
    elif production.kind == ExportKind.LIST:
        issued.write_encrypted(target, recipient=production.printer.public_key)
    else:
        recipient = parse_recipient(production.printer.public_key)
        target.write(pyrage.encrypt(_plain(issued, production), [recipient]))


def _plain(issued: IssuedCodes, production: CardProduction) -> bytes:
    """Only of small batches: in one piece, in memory."""
    if production.kind == ExportKind.SHEETS:
        return card_sheets(issued)
    return b"".join(issued.csv_blocks())


def _own_seal(production: CardProduction) -> Fernet:
    """A key for this production alone. Not age's passphrases: those take seconds on purpose."""
    key = salted_hmac("points_payment.card_exports", str(production.pk), algorithm="sha256").digest()
    return Fernet(urlsafe_b64encode(key))


def _sha256(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(READ_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _storage() -> Storage:
    return storages["exports"]
