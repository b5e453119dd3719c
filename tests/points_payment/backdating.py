"""Movements of other months: the database's clock cannot be set, so what it wrote is moved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from points_payment.services.sealing import seal_transfers


def backdate(transfer_id: int, when: datetime) -> None:
    """Let a transfer have happened then, digest and all; sealed, since it is not new any more."""
    backdate_all({transfer_id: when})


def backdate_all(moments: Mapping[int, datetime]) -> None:
    """The same for many: once sealed, they stay where they are."""
    for transfer_id, when in moments.items():
        _move(transfer_id, when)
    seal_transfers()


def _move(transfer_id: int, when: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE points_payment_transfer SET created_at = %s WHERE id = %s", [when, transfer_id]
        )
        cursor.execute(
            "UPDATE points_payment_topup SET created_at = %s WHERE transfer_id = %s", [when, transfer_id]
        )
        cursor.execute(
            """
            UPDATE points_payment_transfer t SET digest = points_transfer_digest(
                t.kind, t.idempotency_key, t.request_hash, t.entries_count, t.reverses_id, t.reference,
                t.actor_id, t.reason, t.created_at, (
                    SELECT jsonb_agg(jsonb_build_array(a.kind, a.owner_id, e.amount_points)
                                     ORDER BY a.kind COLLATE "C", a.owner_id)
                    FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
                    WHERE e.transfer_id = t.id))
            WHERE t.id = %s
            """,
            [transfer_id],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
