"""Reading the books for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from points_payment.codes import number_of
from points_payment.kinds import WALLET_KINDS, AccountKind, BatchState, CardState, TransferKind
from points_payment.models import Account, Batch, Card, Entry, Transfer

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STATEMENT_ROWS = 25
#: Kinds whose reference is the number of an order.
ORDER_KINDS = frozenset({TransferKind.PURCHASE, TransferKind.CANCELLATION, TransferKind.RETURN})


@dataclass(frozen=True, slots=True)
class StatementRow:
    entry_id: int
    created_at: datetime
    kind: str
    kind_label: str | _StrPromise
    reference: str
    #: Number of the order that the reference names, if it names one.
    order_number: str
    is_promotional: bool
    amount_points: int
    #: The whole wallet's, after this entry.
    balance_points: int


@dataclass(frozen=True, slots=True)
class Statement:
    rows: Sequence[StatementRow]
    #: Where the next, older page begins; None on the last one.
    older_before: int | None
    is_first_page: bool


def statement(*, customer_id: int, before: int | None = None, rows: int = STATEMENT_ROWS) -> Statement:
    """A page of a wallet's entries, newest first: three queries, however many there are.

    Each entry keeps the balance of its account, so the running balance needs no sum from the start.
    """
    accounts = dict(
        Account.objects.filter(kind__in=WALLET_KINDS, owner_id=customer_id).values_list("id", "kind")
    )
    # By account, so that each is the head of one index.
    entries_by_account = {pk: _newest_entries(pk, before=before, count=rows + 1) for pk in accounts}
    entries = sorted(
        (entry for found in entries_by_account.values() for entry in found), key=lambda entry: -entry.pk
    )
    # What the account had at the top of the page: its newest entry that is not above it.
    balance = sum(found[0].balance_after_points or 0 for found in entries_by_account.values() if found)
    shown = []
    for entry in entries[:rows]:
        transfer = entry.transfer
        shown.append(
            StatementRow(
                entry_id=entry.pk,
                created_at=transfer.created_at,
                kind=transfer.kind,
                kind_label=transfer.get_kind_display(),
                reference=transfer.reference,
                order_number=transfer.reference if transfer.kind in ORDER_KINDS else "",
                is_promotional=accounts[entry.account_id] == AccountKind.CUSTOMER_PROMOTIONAL,
                amount_points=entry.amount_points,
                balance_points=balance,
            )
        )
        balance -= entry.amount_points
    older = shown[-1].entry_id if len(entries) > rows else None
    return Statement(rows=shown, older_before=older, is_first_page=before is None)


def _newest_entries(account_id: int, *, before: int | None, count: int) -> list[Entry]:
    entries = Entry.objects.filter(account_id=account_id).select_related("transfer")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return list(entries.order_by("-id")[:count])


def account_points(*, kind: AccountKind, owner_id: int = 0) -> int:
    """An account's balance: the sum of its entries. 0 if it was never opened."""
    total = Entry.objects.filter(account__kind=kind, account__owner_id=owner_id).aggregate(
        total=Sum("amount_points")
    )["total"]
    return total or 0


@dataclass(frozen=True, slots=True)
class KindTotal:
    kind: str
    label: str
    accounts: int
    points: int


def totals_by_kind() -> list[KindTotal]:
    """What stands on all accounts of each kind; the sum of it is 0."""
    rows = (
        Entry.objects.values("account__kind")
        .annotate(points=Sum("amount_points"), accounts=Count("account", distinct=True))
        .order_by("account__kind")
    )
    return [
        KindTotal(
            row["account__kind"], str(AccountKind(row["account__kind"]).label), row["accounts"], row["points"]
        )
        for row in rows
    ]


def accounts_with_points(*, kind: str = "") -> QuerySet[Account]:
    """Accounts with their sums as ``points``."""
    accounts = Account.objects.annotate(points=Sum("entries__amount_points")).order_by("kind", "owner_id")
    return accounts.filter(kind=kind) if kind else accounts


def latest_transfers(*, count: int = 25) -> QuerySet[Transfer]:
    return (
        Transfer.objects.select_related("actor").prefetch_related("entries__account").order_by("-id")[:count]
    )


def redeemable_serials(serials: Sequence[str]) -> set[str]:
    """Those of the serials whose card can be redeemed now."""
    numbers = {number_of(serial): serial for serial in serials}
    found = Card.objects.filter(
        number__in=numbers,
        state=CardState.ACTIVE,
        batch__state=BatchState.ACTIVE,
        batch__expires_on__gte=timezone.localdate(),
    )
    return {numbers[number] for number in found.values_list("number", flat=True)}


def batches_to_approve() -> int:
    return Batch.objects.filter(state=BatchState.DRAFT).count()
