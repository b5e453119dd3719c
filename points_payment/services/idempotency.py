"""Each request is carried out once: the client makes a key, the first to claim it does the work."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from points_payment.errors import IdempotencyConflict
from points_payment.models import IdempotencyKey
from points_payment.services.statements import prepared_cursor

MAX_KEY_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Claim:
    id: int
    #: Whether this caller is the first and has to do the work.
    is_new: bool
    #: What the first caller recorded; empty when ``is_new``.
    result: str


def hash_request(*facts: object) -> str:
    """SHA-256 of what a request asks for, the same for equal facts in equal order."""
    text = json.dumps(facts, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def claim(*, key: str, request_hash: str, scope: str) -> Claim:
    """Claim a key in the caller's transaction, which has to do the work too.

    A second caller waits here until the first has committed, and then gets its result.

    Raises:
        IdempotencyConflict: the key was used for another request.
    """
    if not 0 < len(key) <= MAX_KEY_LENGTH:
        raise IdempotencyConflict(key[:MAX_KEY_LENGTH])
    with prepared_cursor() as cursor:
        cursor.execute(
            "INSERT INTO points_payment_idempotencykey (scope, key, request_hash, result, created_at)"
            " VALUES (%s, %s, %s, '', now()) ON CONFLICT (scope, key) DO NOTHING RETURNING id",
            [scope, key, request_hash],
        )
        row = cursor.fetchone()
    if row is not None:
        return Claim(id=row[0], is_new=True, result="")
    stored = IdempotencyKey.objects.get(scope=scope, key=key)
    if stored.request_hash != request_hash:
        raise IdempotencyConflict(key)
    return Claim(id=stored.pk, is_new=False, result=stored.result)


def record_result(*, claimed: Claim, result: str) -> None:
    """Keep what the work led to, in the transaction that claimed the key."""
    IdempotencyKey.objects.filter(pk=claimed.id).update(result=result)
