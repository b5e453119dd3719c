"""Points that operators added."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "top-ups",
    _("Every top-up moved its points from its operator to its customer"),
    """
    SELECT 'top-up ' || coalesce(u.transfer_id, t.id),
           coalesce(t.operator || ' gave ' || t.amount || ' to ' || t.customer || ', ' || t.reference || ', ' || t.reason,
                    'a transfer'),
           coalesce(u.operator_id || ' gave ' || u.amount_points || ' to ' || u.customer_id || ', ' || u.reference
                    || ', ' || u.reason, 'no record')
    FROM points_payment_topup u
    FULL JOIN (
        SELECT t.id, t.reference, t.reason, t.actor_id, t.created_at,
               max(a.owner_id) FILTER (WHERE a.kind = 'operator') AS operator,
               max(a.owner_id) FILTER (WHERE a.kind = 'customer_paid') AS customer,
               max(e.amount_points) FILTER (WHERE a.kind = 'customer_paid') AS amount
        FROM points_payment_transfer t
        JOIN points_payment_entry e ON e.transfer_id = t.id
        JOIN points_payment_account a ON a.id = e.account_id
        WHERE t.kind = 'top_up' GROUP BY t.id
    ) t ON t.id = u.transfer_id
    WHERE (u.operator_id, u.customer_id, u.amount_points, u.reference, u.reason, u.created_at)
          IS DISTINCT FROM (t.operator, t.customer, t.amount, t.reference, t.reason, t.created_at)
    """,  # noqa: E501 - SQL keeps its own lines
)
