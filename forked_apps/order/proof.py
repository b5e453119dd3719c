"""What only orders know of the books: each order's parts add up, and were paid to the point.

Reads the ledger's table of allocations next to the orders', in the proof's one snapshot; the ledger
itself knows no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import connection
from django.utils.translation import gettext_lazy as _

from points_payment.proof import MAX_FINDINGS, Check, Finding, register_check

PARTS_ADD_UP = """
    SELECT 'order ' || o.number,
           'total ' || o.total_incl_tax::bigint || ', shipping ' || o.shipping_incl_tax::bigint,
           'total ' || COALESCE(p.total, 0) || ', shipping ' || COALESCE(p.shipping, 0)
      FROM order_order o
      LEFT JOIN (
        SELECT order_id, SUM(goods_points + shipping_points) AS total, SUM(shipping_points) AS shipping
          FROM order_vendororder GROUP BY order_id
      ) p ON p.order_id = o.id
     WHERE o.total_incl_tax <> COALESCE(p.total, 0) OR o.shipping_incl_tax <> COALESCE(p.shipping, 0)
"""
LINES_ADD_UP = """
    SELECT 'vendor order ' || v.number, v.goods_points::text, COALESCE(l.goods, 0)::bigint::text
      FROM order_vendororder v
      LEFT JOIN (
        SELECT vendor_order_id, SUM(line_price_incl_tax) AS goods FROM order_line GROUP BY vendor_order_id
      ) l ON l.vendor_order_id = v.id
     WHERE v.goods_points <> COALESCE(l.goods, 0)
"""
#: Orders of which the ledger knows nothing: they are paid in another way (``forked_apps.payment.sources``).
PAID_OTHERWISE = """
    SELECT s.order_id FROM payment_source s JOIN payment_sourcetype t ON t.id = s.source_type_id
     WHERE t.code <> 'points'
"""
PAID_IN_FULL = """
    SELECT 'order ' || COALESCE(o.number, a.order_reference), COALESCE(o.total_incl_tax, 0)::bigint::text,
           COALESCE(a.gross, 0)::bigint || ' allocated, ' || COALESCE(s.debited, 0)::bigint || ' debited'
      FROM order_order o
      FULL JOIN (
        SELECT order_reference, SUM(gross_points - subsidy_points) AS gross FROM points_payment_allocation
         GROUP BY order_reference
      ) a ON a.order_reference = o.number
      LEFT JOIN (
        SELECT order_id, SUM(amount_debited) AS debited FROM payment_source GROUP BY order_id
      ) s ON s.order_id = o.id
     WHERE (COALESCE(o.total_incl_tax, 0) <> COALESCE(a.gross, 0)
            OR COALESCE(o.total_incl_tax, 0) <> COALESCE(s.debited, 0))
       AND (o.id IS NULL OR o.id NOT IN (SELECT order_id FROM paid_otherwise))
"""
PROMISED_IN_FULL = """
    SELECT 'order ' || o.number, o.total_incl_tax::bigint::text,
           SUM(s.amount_allocated)::bigint || ' promised, ' || SUM(s.amount_debited)::bigint || ' paid'
      FROM order_order o JOIN payment_source s ON s.order_id = o.id
     WHERE o.id IN (SELECT order_id FROM paid_otherwise)
     GROUP BY o.id
    HAVING o.total_incl_tax <> SUM(s.amount_allocated)
        OR SUM(s.amount_debited) > SUM(s.amount_allocated)
        OR SUM(s.amount_refunded) > SUM(s.amount_allocated)
"""
REFUNDS_AGREE = """
    SELECT 'order ' || o.number, COALESCE(a.refunded, 0)::bigint || ' refunded',
           COALESCE(s.refunded, 0)::bigint || ' refunded'
      FROM order_order o
      JOIN (SELECT order_id, SUM(amount_refunded) AS refunded FROM payment_source GROUP BY order_id) s
        ON s.order_id = o.id
      LEFT JOIN (
        SELECT order_reference, SUM(refunded_points - refunded_subsidy_points) AS refunded
          FROM points_payment_allocation
         GROUP BY order_reference
      ) a ON a.order_reference = o.number
     WHERE COALESCE(a.refunded, 0) <> COALESCE(s.refunded, 0)
       AND o.id NOT IN (SELECT order_id FROM paid_otherwise)
"""
SUBSIDIES_AGREE = """
    SELECT 'line ' || l.partner_line_reference, l.subsidy_points || ' from the platform',
           COALESCE(a.subsidy_points, 0) || ' from the platform'
      FROM order_line l
      LEFT JOIN points_payment_allocation a ON a.reference = l.partner_line_reference
     WHERE l.vendor_order_id IS NOT NULL AND l.subsidy_points <> COALESCE(a.subsidy_points, 0)
       AND l.order_id NOT IN (SELECT order_id FROM paid_otherwise)
    UNION ALL
    SELECT 'vendor order ' || v.number, v.subsidy_points || ' from the platform',
           COALESCE(l.points, 0)::bigint || ' of its lines'
      FROM order_vendororder v
      LEFT JOIN (
        SELECT vendor_order_id, SUM(subsidy_points) AS points FROM order_line GROUP BY vendor_order_id
      ) l ON l.vendor_order_id = v.id
     WHERE v.subsidy_points <> COALESCE(l.points, 0)
    UNION ALL
    SELECT 'order ' || o.number, COALESCE(d.points, 0)::bigint || ' discounts of the platform',
           v.points::bigint || ' from the platform'
      FROM order_order o
      JOIN (
        SELECT order_id, SUM(subsidy_points) AS points FROM order_vendororder GROUP BY order_id
      ) v ON v.order_id = o.id
      LEFT JOIN (
        SELECT order_id, SUM(amount) AS points FROM order_orderdiscount WHERE borne_by = 'marketplace'
         GROUP BY order_id
      ) d ON d.order_id = o.id
     WHERE v.points <> COALESCE(d.points, 0)
"""
REDUCTIONS_AGREE = """
    SELECT 'line ' || l.partner_line_reference,
           COALESCE(r.points, 0)::bigint || ' given back, '
               || COALESCE(r.subsidy, 0)::bigint || ' to the platform',
           COALESCE(a.refunded_points - a.refunded_subsidy_points, 0)::bigint || ' refunded, '
               || COALESCE(a.refunded_subsidy_points, 0)::bigint || ' to the platform'
      FROM order_line l
      LEFT JOIN (
        SELECT line_id, SUM(refunded_points) AS points, SUM(returned_subsidy_points) AS subsidy
          FROM order_linereduction GROUP BY line_id
      ) r ON r.line_id = l.id
      LEFT JOIN points_payment_allocation a ON a.reference = l.partner_line_reference
     WHERE l.vendor_order_id IS NOT NULL
       AND (COALESCE(r.points, 0) <> COALESCE(a.refunded_points - a.refunded_subsidy_points, 0)
            OR COALESCE(r.subsidy, 0) <> COALESCE(a.refunded_subsidy_points, 0))
       AND l.order_id NOT IN (SELECT order_id FROM paid_otherwise)
"""
PIECES_AGREE = """
    SELECT 'line ' || l.partner_line_reference,
           l.quantity - COALESCE(s.pieces, 0) - COALESCE(c.pieces, 0) || ' allocated',
           l.num_allocated || ' allocated'
      FROM order_line l
      LEFT JOIN (SELECT line_id, SUM(quantity) AS pieces FROM order_parcelline GROUP BY line_id) s
        ON s.line_id = l.id
      LEFT JOIN (
        SELECT line_id, SUM(quantity) AS pieces FROM order_linereduction WHERE kind = 'cancelled'
         GROUP BY line_id
      ) c ON c.line_id = l.id
     WHERE l.vendor_order_id IS NOT NULL
       AND l.num_allocated <> l.quantity - COALESCE(s.pieces, 0) - COALESCE(c.pieces, 0)
"""
#: Prepared parcels only hold what was not sent or cancelled.
PREPARED_WITHIN = """
    SELECT 'line ' || l.partner_line_reference, 'at most ' || l.num_allocated || ' prepared',
           p.pieces || ' prepared'
      FROM order_line l
      JOIN (SELECT line_id, SUM(quantity) AS pieces FROM order_preparedline GROUP BY line_id) p
        ON p.line_id = l.id
     WHERE p.pieces > l.num_allocated
"""
#: By the ledger, with what of the way went back at once: see ``services.parts.refund_key``.
MOVED_WITH_REDUCTION = """
    SELECT SUM(m.refunded_points - m.refunded_subsidy_points)
      FROM points_payment_transfer f JOIN points_payment_allocationmove m ON m.transfer_id = f.id
     WHERE f.idempotency_key = 'reduction:' || x.id
"""
#: Goods that came back name their return; nobody types such a reason.
RETURNS_AGREE = f"""
    SELECT 'return ' || t.number, t.refunded_points || ' paid back',
           r.goods || ' of goods given back, ' || r.moved || ' moved'
      FROM order_return t
      JOIN order_vendororder v ON v.id = t.vendor_order_id
     CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(x.refunded_points), 0)::bigint AS goods,
               COALESCE(SUM(({MOVED_WITH_REDUCTION})), 0)::bigint AS moved
          FROM order_line l JOIN order_linereduction x ON x.line_id = l.id
         WHERE l.vendor_order_id = t.vendor_order_id AND x.kind = 'returned' AND x.reason = t.number
     ) r
     WHERE (t.refunded_points <> r.moved OR t.refunded_points < r.goods)
       AND v.order_id NOT IN (SELECT order_id FROM paid_otherwise)
"""  # noqa: S608 - a constant above
#: What a dispute paid back is what its history says, and what its reductions, return and remedies moved. A
#: vendor may type its number as the reason of another reduction, so those count as what it moved at most.
DISPUTES_AGREE = f"""
    SELECT 'dispute ' || d.number, d.refunded_points || ' paid back',
           e.points || ' by its history, ' || r.own || ' to ' || r.moved + w.moved + g.points || ' moved'
      FROM order_dispute d
      JOIN order_vendororder v ON v.id = d.vendor_order_id
     CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(points), 0)::bigint AS points FROM order_disputeevent WHERE of_id = d.id
     ) e
     CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(x.refunded_points) FILTER (WHERE x.kind IN ('returned', 'lost', 'undeducted')), 0)
               ::bigint AS own,
               COALESCE(SUM(({MOVED_WITH_REDUCTION})), 0)::bigint AS moved
          FROM order_line l JOIN order_linereduction x ON x.line_id = l.id
         WHERE l.vendor_order_id = d.vendor_order_id AND x.reason = d.number
     ) r
     CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(m.refunded_points - m.refunded_subsidy_points), 0)::bigint AS moved
          FROM order_remedy o
          JOIN points_payment_transfer f ON f.idempotency_key = 'remedy:' || o.id
          JOIN points_payment_allocationmove m ON m.transfer_id = f.id
         WHERE o.of_id = d.id
     ) w
     CROSS JOIN LATERAL (
        SELECT COALESCE(SUM(t.refunded_points), 0)::bigint AS points
          FROM order_return t WHERE t.id = d.agreed_return_id
     ) g
     WHERE (d.refunded_points <> e.points OR d.refunded_points > r.moved + w.moved + g.points
            OR d.refunded_points - d.refunded_shipping_points < r.own)
       AND v.order_id NOT IN (SELECT order_id FROM paid_otherwise)
"""  # noqa: S608 - a constant above

NUMBERS_WHOLE = """
    SELECT 'vendor ' || vendor_id || ', ' || kind || ' ' || year, COALESCE(c.last, 0) || ' numbers given',
           COALESCE(i.documents, 0) || ' documents up to number ' || COALESCE(i.top, 0)
      FROM order_invoicecounter c
      FULL JOIN (
        SELECT vendor_id, kind, year, COUNT(*) AS documents, MAX(sequence) AS top FROM order_invoice
         GROUP BY vendor_id, kind, year
      ) i USING (vendor_id, kind, year)
     WHERE c.last IS DISTINCT FROM i.documents OR i.top IS DISTINCT FROM i.documents
"""
CREDITED_WITHIN = """
    SELECT 'invoice ' || i.number, 'at most ' || i.total_points, n.points || ' credited'
      FROM order_invoice i
      JOIN (SELECT refers_to_id, SUM(total_points) AS points FROM order_invoice GROUP BY refers_to_id) n
        ON n.refers_to_id = i.id
     WHERE n.points > i.total_points
"""


def _finder(slug: str, *statements: str) -> Callable[[], Iterable[Finding]]:
    def find() -> Iterable[Finding]:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"WITH paid_otherwise AS ({PAID_OTHERWISE})"  # noqa: S608 - ours
                    f" SELECT * FROM ({statement}) AS wrong LIMIT {MAX_FINDINGS}"
                )
                for culprit, expected, found in cursor.fetchall():
                    yield Finding(slug, culprit, expected, found)

    return find


def register_checks() -> None:
    register_check(
        Check(
            "orders-add-up",
            _("Every order is the sum of its vendor orders, and each of these of its lines"),
            _finder("orders-add-up", PARTS_ADD_UP, LINES_ADD_UP),
        )
    )
    register_check(
        Check(
            "orders-paid",
            _("Every order was paid to the point: its total, its allocations and its debit agree"),
            _finder("orders-paid", PAID_IN_FULL, PROMISED_IN_FULL, REFUNDS_AGREE, SUBSIDIES_AGREE),
        )
    )
    register_check(
        Check(
            "orders-reduced",
            _("What was given back of each line has its reason, and each of its pieces is somewhere"),
            _finder("orders-reduced", REDUCTIONS_AGREE, PIECES_AGREE, PREPARED_WITHIN),
        )
    )
    register_check(
        Check(
            "disputes-paid",
            _("What a return or a dispute paid back is what its reductions and transfers gave back"),
            _finder("disputes-paid", RETURNS_AGREE, DISPUTES_AGREE),
        )
    )
    register_check(
        Check(
            "invoices-whole",
            _("Invoices are numbered without a gap, and no more is credited than was invoiced"),
            _finder("invoices-whole", NUMBERS_WHOLE, CREDITED_WITHIN),
        )
    )
