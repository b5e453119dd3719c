"""What statements are filtered by."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "entry-kinds",
    _("Every entry of a guarded account carries the kind of its transfer"),
    """
    SELECT 'entry ' || e.id,
           coalesce(CASE WHEN e.balance_after_points IS NOT NULL THEN t.kind END, 'no kind'),
           coalesce(e.transfer_kind, 'no kind')
    FROM points_payment_entry e LEFT JOIN points_payment_transfer t ON t.id = e.transfer_id
    WHERE e.transfer_kind IS DISTINCT FROM CASE WHEN e.balance_after_points IS NOT NULL THEN t.kind END
    """,
)
