"""The hash chain: each seal covers its transfer and all seals before it. Made in the background."""

from __future__ import annotations

import hashlib

from django.db import connection, transaction
from django.db.models import Max

from points_payment.models import Seal, Transfer

#: The digest before the first seal.
FIRST_DIGEST = b"\0" * 32
#: One worker at a time lengthens the chain.
SEALING_LOCK = 7_311_002
BATCH_SIZE = 10_000


def chain_digest(previous: bytes, transfer_digest: bytes) -> bytes:
    return hashlib.sha256(previous + transfer_digest).digest()


def seal_transfers() -> int:
    """Seal every committed transfer that is not sealed yet, in batches; how many it were.

    A transfer that commits late gets a later place: the chain is in the order of sealing.
    """
    total = 0
    while sealed := _seal_batch():
        total += sealed
    return total


@transaction.atomic
def _seal_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING_LOCK])
    position = Seal.objects.aggregate(last=Max("position"))["last"] or 0
    digest = bytes(Seal.objects.get(position=position).digest) if position else FIRST_DIGEST
    waiting = Transfer.objects.filter(seal=None).order_by("id").values_list("id", "digest")[:BATCH_SIZE]
    seals = []
    for place, (transfer_id, transfer_digest) in enumerate(waiting, position + 1):
        digest = chain_digest(digest, bytes(transfer_digest))
        seals.append(Seal(position=place, transfer_id=transfer_id, digest=digest))
    Seal.objects.bulk_create(seals)
    return len(seals)
