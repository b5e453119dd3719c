"""Who changed distributors and shops."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "holders",
    _("Every change of a distributor or a shop is as it was written down"),
    """
    SELECT 'change ' || d.id, d.digest, d.now FROM (
        SELECT h.id, h.digest, points_row_digest(
            to_jsonb(h), 'id', 'distributor_id', 'shop_id', 'values', 'actor_id', 'reason',
            'created_at') AS now
        FROM points_payment_holderchange h
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
)
