"""The proof in words and figures: every point that was issued stands somewhere, and every card too.

Sums by kind of account and of transfer; what is kept beside the entries is set against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from points_payment.figures import SOURCES, CardSum, Figures
from points_payment.kinds import AccountKind, CardState, TransferKind
from points_payment.models import Batch

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: What stands in the books, in the order in which points go through them.
PLACES: tuple[tuple[AccountKind, _StrPromise], ...] = (
    (AccountKind.BATCH, _("On cards in circulation")),
    (AccountKind.CUSTOMER_PAID, _("In wallets, paid")),
    (AccountKind.CUSTOMER_PROMOTIONAL, _("In wallets, promotional")),
    (AccountKind.VENDOR_ESCROW, _("Held in escrow for orders")),
    (AccountKind.VENDOR_PAYABLE, _("Payable to vendors")),
    (AccountKind.COMMISSION, _("Commission")),
    (AccountKind.PAYOUTS, _("Paid out to vendors")),
    (AccountKind.BREAKAGE, _("Expired")),
    # Below 0: it was given back to customers before vendors gave it back.
    (AccountKind.VENDOR_RECEIVABLE, _("Owed by vendors")),
)
#: Issued and not activated, or worth something.
WORTH = (CardState.ACTIVE, CardState.FROZEN)


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the equation."""

    label: str | _StrPromise
    points: int
    #: Kind of account whose list shows where it comes from; empty for transfers.
    account_kind: str = ""
    #: What is kept beside the entries, where that is another figure.
    kept_points: int | None = None


@dataclass(frozen=True, slots=True)
class Equation:
    issued: list[Term]
    places: list[Term]
    taken_back: list[Term]
    #: Who gave the points: what the platform is owed for them, or gave itself.
    sources: list[Term]

    @property
    def issued_points(self) -> int:
        return sum(term.points for term in self.issued)

    @property
    def accounted_points(self) -> int:
        return sum(term.points for term in (*self.places, *self.taken_back))

    @property
    def source_points(self) -> int:
        return sum(term.points for term in self.sources)

    @property
    def holds(self) -> bool:
        return self.issued_points == self.accounted_points and all(
            term.kept_points is None for term in self.places
        )


def equation(*, figures: Figures, kept: list[tuple[str, str, int]], card_points: int) -> Equation:
    """Issued = on cards + in wallets + in escrow + … + taken back, from the figures of the books.

    ``kept`` are points kept beside the entries, by place and kind of account; ``card_points`` the value of
    active and frozen cards.
    """
    beside = [*((kind, points) for _place, kind, points in kept), (AccountKind.BATCH.value, card_points)]
    return Equation(
        issued=_by_transfer(figures, side=0),
        places=[_place(kind, label, figures, beside) for kind, label in PLACES],
        taken_back=_by_transfer(figures, side=1),
        sources=[
            Term(kind.label, -figures.totals.get(kind, 0), kind)
            for kind in SOURCES
            if figures.totals.get(kind, 0)
        ],
    )


#: What an order brings into the books, and takes out when it is undone, is a discount alone.
_SUBSIDIES = {
    TransferKind.PURCHASE: _("Discounts that the platform bears"),
    TransferKind.CANCELLATION: _("Discounts of what was cancelled"),
    TransferKind.RETURN: _("Discounts of what was returned"),
}


def _by_transfer(figures: Figures, *, side: int) -> list[Term]:
    return [
        Term(_SUBSIDIES.get(kind, kind.label), figures.flows[kind][side])
        for kind in TransferKind
        if figures.flows.get(kind, (0, 0))[side]
    ]


def _place(kind: AccountKind, label: _StrPromise, figures: Figures, beside: list[tuple[str, int]]) -> Term:
    points = figures.totals.get(kind, 0)
    others = [kept for where, kept in beside if where == kind and kept != points]
    return Term(label, points, kind, others[0] if others else None)


@dataclass(frozen=True, slots=True)
class CardLine:
    state: str
    label: str | _StrPromise
    cards: int
    points: int


@dataclass(frozen=True, slots=True)
class CardTable:
    lines: list[CardLine]
    #: Of the batches whose codes were made.
    printed: int
    batch_points: int

    @property
    def cards(self) -> int:
        return sum(line.cards for line in self.lines)

    @property
    def worth_points(self) -> int:
        return sum(line.points for line in self.lines if line.state in WORTH)

    @property
    def holds(self) -> bool:
        return self.printed == self.cards and self.worth_points == self.batch_points


def card_table(*, sums: Mapping[str, CardSum], figures: Figures) -> CardTable:
    """Printed = stocked + active + redeemed + frozen + void + expired; active cards are batches' accounts."""
    printed = Batch.objects.exclude(first_number=None).aggregate(cards=Sum("number_of_cards"))["cards"]
    return CardTable(
        lines=[CardLine(state.value, state.label, *sums[state.value]) for state in CardState],
        printed=printed or 0,
        batch_points=figures.totals.get(AccountKind.BATCH, 0),
    )
