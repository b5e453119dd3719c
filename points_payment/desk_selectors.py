"""Reading what happens at the top-up desk: what waits, who holds how much cash, and reports of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.kinds import AccountKind, CountKind, ProposalState, RequestState, TransferKind
from points_payment.models import (
    CashHandIn,
    DrawerCount,
    Entry,
    LimitChange,
    TopUp,
    TopUpOperator,
    TopUpProposal,
    TopUpRequest,
    Transfer,
)
from points_payment.services.operators import Limits, day_start, limits_of
from points_payment.services.reversals import reversible_until

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OPEN_REQUESTS = (RequestState.WAITING, RequestState.TAKEN)


# What waits ---------------------------------------------------------------------------------


def requests_waiting() -> int:
    return TopUpRequest.objects.filter(state=RequestState.WAITING).count()


def top_ups_to_approve() -> int:
    return TopUpProposal.objects.filter(state=ProposalState.WAITING).count()


def cash_to_confirm() -> int:
    return CashHandIn.objects.filter(state=ProposalState.WAITING).count()


def open_requests() -> QuerySet[TopUpRequest]:
    """Those that nobody has decided, the oldest first."""
    waiting = TopUpProposal.objects.filter(request=OuterRef("pk"), state=ProposalState.WAITING)
    return (
        TopUpRequest.objects.filter(state__in=OPEN_REQUESTS)
        .select_related("customer", "operator")
        .annotate(waits_for_approval=Exists(waiting))
        .order_by("id")
    )


def requests_of(*, customer_id: int) -> QuerySet[TopUpRequest]:
    """A customer's own, newest first."""
    return TopUpRequest.objects.filter(customer_id=customer_id)


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    amount_points: int
    reason: str


def answer_to_request(*, request_id: int) -> RequestAnswer:
    """For the message to the customer."""
    request = TopUpRequest.objects.get(pk=request_id)
    return RequestAnswer(amount_points=request.amount_points, reason=request.decision_reason)


def proposals(*, state: ProposalState | None = None) -> QuerySet[TopUpProposal]:
    """Top-ups above a limit, newest first."""
    found = TopUpProposal.objects.select_related("proposed_by", "customer", "verification", "decided_by")
    return found.filter(state=state) if state else found


def hand_ins(*, state: ProposalState | None = None) -> QuerySet[CashHandIn]:
    """Cash handed over, newest first."""
    found = CashHandIn.objects.select_related("proposed_by", "decided_by")
    return found.filter(state=state) if state else found


@dataclass(frozen=True, slots=True)
class TopUpRow:
    top_up: TopUp
    #: Taken back of it, below 0; 0 if nothing was.
    reversed_points: int
    #: Until when the reader may take it back; None: not at all.
    reversible_until: datetime | None


def top_up_rows(*, operator_id: int, reader: User, rows: int) -> list[TopUpRow]:
    """What an operator added lately, newest first."""
    taken = (
        Entry.objects.filter(
            transfer__reverses_id=OuterRef("pk"),
            transfer__kind=TransferKind.TOP_UP_REVERSAL,
            account__kind=AccountKind.CUSTOMER_PAID,
        )
        .order_by()
        .values("transfer__reverses_id")
        .annotate(points=Sum("amount_points"))
        .values("points")
    )
    made = (
        TopUp.objects.filter(operator_id=operator_id)
        .select_related("customer", "verification", "approved_by")
        .annotate(reversed_points=Coalesce(taken, 0, output_field=BigIntegerField()))[:rows]
    )
    found = []
    for one in made:
        until = None if one.reversed_points else reversible_until(top_up=one, actor=reader)
        is_over = until is not None and until < timezone.now()
        found.append(TopUpRow(one, one.reversed_points, None if is_over else until))
    return found


# Operators ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OperatorRow:
    operator: User
    held_points: int
    handed_over_points: int
    today_points: int
    limits: Limits
    is_in_shift: bool


def operators() -> QuerySet[User]:
    """Who may add points, or has done so."""
    right = PlatformPermission.POINTS_TOP_UP.value
    known = TopUpOperator.objects.filter(pk=OuterRef("pk"))
    holds = Q(groups__permissions__codename=right) | Q(user_permissions__codename=right) | Exists(known)
    return User.objects.filter(holds).distinct().order_by("first_name", "last_name", "pk")


def operator_rows() -> list[OperatorRow]:
    """Every operator with their cash, in a fixed number of queries."""
    people = list(operators())
    rows = TopUpOperator.objects.in_bulk([person.pk for person in people])
    held = dict(
        Entry.objects.filter(account__kind=AccountKind.OPERATOR)
        .values_list("account__owner_id")
        .annotate(points=Sum("amount_points"))
    )
    today = dict(
        TopUp.objects.filter(created_at__gte=day_start())
        .order_by()
        .values_list("operator_id")
        .annotate(points=Sum("amount_points"))
    )
    handed_over = dict(
        CashHandIn.objects.filter(state=ProposalState.WAITING, account_kind=AccountKind.OPERATOR)
        .order_by()
        .values_list("proposed_by_id")
        .annotate(points=Sum("amount_points"))
    )
    in_shift = set(
        DrawerCount.objects.filter(kind=CountKind.OPENING, closing=None).values_list("operator_id", flat=True)
    )
    return [
        OperatorRow(
            operator=person,
            held_points=-held.get(person.pk, 0),
            handed_over_points=handed_over.get(person.pk, 0),
            today_points=today.get(person.pk, 0),
            limits=limits_of(rows.get(person.pk)),
            is_in_shift=person.pk in in_shift,
        )
        for person in people
    ]


def limit_changes(*, operator_id: int) -> QuerySet[LimitChange]:
    return LimitChange.objects.filter(operator_id=operator_id).select_related("changed_by")


def counts_of(*, operator_id: int) -> QuerySet[DrawerCount]:
    """Newest first."""
    return DrawerCount.objects.filter(operator_id=operator_id)


# Reports ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportLine:
    created_at: datetime
    kind: str
    kind_label: str | _StrPromise
    #: Whose wallet it was, where it was one.
    customer: str
    reference: str
    #: Into the drawer where positive, out of it where negative.
    cash_points: int
    #: In the drawer after it, by the books.
    held_points: int


@dataclass(frozen=True, slots=True)
class CashReport:
    """An operator's cash against the points that they added, of a day or a shift."""

    operator: User
    #: The day, where it is of a day.
    day: date | None
    #: The count that began the shift, where it is of one, and the one that ended it.
    opening: DrawerCount | None
    closing: DrawerCount | None
    begins_at: datetime
    #: None while the shift is open.
    ends_at: datetime | None
    opening_points: int
    added_points: int
    reversed_points: int
    handed_in_points: int
    lines: Sequence[ReportLine]

    @property
    def held_points(self) -> int:
        """At the end, by the books."""
        return self.opening_points + self.added_points - self.reversed_points - self.handed_in_points


def report_of_day(*, operator: User, day: date) -> CashReport:
    """What was posted on one day, in the shop's time zone."""
    begins_at = timezone.make_aware(datetime.combine(day, time.min))
    ends_at = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    entries = _entries_of(operator.pk)
    return _report(
        operator,
        before=entries.filter(transfer__created_at__lt=begins_at),
        within=entries.filter(transfer__created_at__gte=begins_at, transfer__created_at__lt=ends_at),
        day=day,
        begins_at=begins_at,
        ends_at=ends_at,
    )


def report_of_shift(*, opening: DrawerCount) -> CashReport:
    """What was posted between the two counts of a shift; up to now while it is open."""
    closing = DrawerCount.objects.filter(opening=opening).first()
    entries = _entries_of(opening.operator_id)
    within = entries.filter(pk__gt=opening.last_entry_id)
    if closing is not None:
        within = within.filter(pk__lte=closing.last_entry_id)
    return _report(
        opening.operator,
        before=entries.filter(pk__lte=opening.last_entry_id),
        within=within,
        opening=opening,
        closing=closing,
        begins_at=opening.created_at,
        ends_at=closing.created_at if closing else None,
    )


def _entries_of(operator_id: int) -> QuerySet[Entry]:
    return Entry.objects.filter(account__kind=AccountKind.OPERATOR, account__owner_id=operator_id)


def _report(
    operator: User,
    *,
    before: QuerySet[Entry],
    within: QuerySet[Entry],
    begins_at: datetime,
    ends_at: datetime | None,
    day: date | None = None,
    opening: DrawerCount | None = None,
    closing: DrawerCount | None = None,
) -> CashReport:
    opening_points = held = -(before.aggregate(points=Sum("amount_points"))["points"] or 0)
    sums: dict[str, int] = {}
    lines = []
    transfers = within.select_related(
        "transfer__top_up__customer", "transfer__reverses__top_up__customer"
    ).order_by("id")
    for entry in transfers:
        transfer, cash_points = entry.transfer, -entry.amount_points
        held += cash_points
        sums[transfer.kind] = sums.get(transfer.kind, 0) + cash_points
        lines.append(
            ReportLine(
                created_at=transfer.created_at,
                kind=transfer.kind,
                kind_label=transfer.get_kind_display(),
                customer=_customer_of(transfer),
                reference=transfer.reference,
                cash_points=cash_points,
                held_points=held,
            )
        )
    return CashReport(
        operator=operator,
        day=day,
        opening=opening,
        closing=closing,
        begins_at=begins_at,
        ends_at=ends_at,
        opening_points=opening_points,
        added_points=sums.get(TransferKind.TOP_UP, 0),
        reversed_points=-sums.get(TransferKind.TOP_UP_REVERSAL, 0),
        handed_in_points=-sums.get(TransferKind.CASH_HANDED_IN, 0),
        lines=lines,
    )


def _customer_of(transfer: Transfer) -> str:
    """The customer of a top-up or of its reversal."""
    for source in (transfer, transfer.reverses):
        top_up = getattr(source, "top_up", None)
        if top_up is not None:
            return str(top_up.customer.display_name)
    return ""
