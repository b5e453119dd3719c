"""How a vendor's points stand: what is payable, what of it is spoken for, what the vendor owes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from points_payment.kinds import AccountKind, PayoutState
from points_payment.models import VendorBalance

#: One statement, so that the four belong together. What a vendor owes has few entries: late refunds alone.
FUNDS = """
SELECT coalesce((SELECT payable_points FROM points_payment_vendorbalance WHERE vendor_id = %(vendor)s), 0),
       coalesce((SELECT -sum(e.amount_points) FROM points_payment_entry e
                  WHERE e.account_id = (SELECT id FROM points_payment_account
                                         WHERE kind = %(receivable)s AND owner_id = %(vendor)s)), 0)::bigint,
       coalesce(sum(amount_points) FILTER (WHERE state = %(ordered)s), 0)::bigint,
       coalesce(sum(amount_points) FILTER (WHERE state = %(requested)s), 0)::bigint
  FROM points_payment_payout WHERE vendor_id = %(vendor)s AND state IN (%(ordered)s, %(requested)s)
"""


@dataclass(frozen=True, slots=True)
class VendorFunds:
    """In whole points."""

    #: By the books; what was ordered is still in it.
    payable_points: int
    #: After refunds of what had been released.
    owed_points: int
    #: Ordered and not confirmed: as good as gone.
    ordered_points: int
    #: Asked for by the vendor; not kept for it.
    requested_points: int

    @property
    def net_points(self) -> int:
        """The balance of statements: below 0 the vendor owes more than it has."""
        return self.payable_points - self.owed_points

    @property
    def unordered_points(self) -> int:
        """What refunds and corrections may take."""
        return self.payable_points - self.ordered_points

    @property
    def debt_points(self) -> int:
        """Owed beyond what could be set against it."""
        return max(0, self.owed_points - self.unordered_points)

    @property
    def orderable_points(self) -> int:
        """What may be ordered: nothing is paid to who owes as much."""
        return max(0, self.unordered_points - self.owed_points)

    @property
    def requestable_points(self) -> int:
        """What the vendor may ask for, next to what it has asked for."""
        return max(0, self.orderable_points - self.requested_points)


def funds_of(*, vendor_id: int) -> VendorFunds:
    """How the vendor stands now; under the lock of its balance it stays so."""
    with connection.cursor() as cursor:
        cursor.execute(
            FUNDS,
            {
                "vendor": vendor_id,
                "receivable": AccountKind.VENDOR_RECEIVABLE.value,
                "ordered": PayoutState.ORDERED.value,
                "requested": PayoutState.REQUESTED.value,
            },
        )
        return VendorFunds(*cursor.fetchone())


def lock_vendor_balance(*, vendor_id: int) -> int:
    """Lock what can be paid out to a vendor, and say how much it is.

    The row of one who never earned is made first: with nothing locked, the first points of another
    transaction could be there for the caller's next look, and be spent without a lock.
    """
    balance = VendorBalance.objects.select_for_update(no_key=True).filter(vendor_id=vendor_id)
    locked = balance.first()
    if locked is None:
        VendorBalance.objects.bulk_create([VendorBalance(vendor_id=vendor_id)], ignore_conflicts=True)
        locked = balance.get()
    return locked.payable_points
