"""What every rule stands on: an example that is rolled back, the comparison after each step, and repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.db.models import Sum
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from marketplace.users.models import User
from points_payment.errors import IdempotencyConflict
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Allocation, Card, Entry, Lot, Shop, Transfer, VendorBalance, Wallet
from tests.factories.points import lift_limits, new_key
from tests.factories.supply import make_shop
from tests.invariants import assert_ledger_proved
from tests.machines import RolledBackMachine
from tests.points_payment.machine.books import Books

T = TypeVar("T")
CUSTOMERS, STAFF, VENDORS = 2, 2, (1, 2)
#: One of what there is, by its place; a place beyond the end starts again.
places = st.integers(0, 50)
points = st.integers(1, 700)


def moves(*kinds: TransferKind) -> Callable[[T], T]:
    """Say which kinds of transfers a rule makes: see ``KINDS`` in the machine."""

    def mark(method: T) -> T:
        method.moves_kinds = kinds  # type: ignore[attr-defined]
        return method

    return mark


def one_of(found: Sequence[T], place: int) -> T:
    return found[place % len(found)]


@dataclass
class Repeat:
    """A request that was carried out."""

    #: Sends it once more, with its key.
    again: Callable[[], Any]
    #: What names its outcome; or the error that says that it was done before.
    answer: Any
    #: Sends another request with the same key.
    otherwise: Callable[[], Any] | None = None


class Steps(RolledBackMachine):
    """One example: people, vendors, a shop, and empty books. All of it is rolled back at the end."""

    #: Transfers of all examples so far.
    posted: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.started: datetime = timezone.now()
        self.books = Books()
        self.repeats: list[Repeat] = []

    def teardown(self) -> None:
        for kind in Transfer.objects.values_list("kind", flat=True):
            self.posted[kind] += 1
        super().teardown()

    def open_books(self) -> None:
        """People and a shop; called by the machine before it gives them something to begin with."""
        everyone = User.objects.bulk_create(User(first_name="Machine") for _ in range(CUSTOMERS + STAFF))
        self.customers, self.staff = everyone[:CUSTOMERS], everyone[CUSTOMERS:]
        lift_limits(self.staff[0])
        self.shop: Shop = make_shop()

    # Helpers --------------------------------------------------------------------------------
    def after(self, days: float) -> datetime:
        return self.started + timedelta(days=days)

    def remember(
        self,
        again: Callable[[], Any],
        answer: Any,
        *,
        otherwise: Callable[[], Any] | None = None,
    ) -> None:
        self.repeats.append(Repeat(again, answer, otherwise))

    @property
    def key(self) -> str:
        return new_key()

    # Whatever was done ----------------------------------------------------------------------
    @precondition(lambda self: self.repeats)
    @rule(place=places)
    def the_same_request_again(self, place: int) -> None:
        repeat = one_of(self.repeats, place)
        if isinstance(repeat.answer, type) and issubclass(repeat.answer, Exception):
            self.refused(repeat.answer, repeat.again)
        else:
            assert repeat.again() == repeat.answer

    @precondition(lambda self: any(repeat.otherwise for repeat in self.repeats))
    @rule(place=places)
    def another_request_with_a_used_key(self, place: int) -> None:
        otherwise = one_of([repeat.otherwise for repeat in self.repeats if repeat.otherwise], place)
        self.refused(IdempotencyConflict, otherwise)

    # What must hold -------------------------------------------------------------------------
    @invariant()
    def the_books_are_the_models(self) -> None:
        type(self).steps += 1
        assert stored_balances() == self.books.balances()
        assert stored_lots() == {
            customer: [(lot.promotional, lot.left) for lot in lots]
            for customer, lots in self.books.lots.items()
        }
        for customer in self.customers:
            wallet = Wallet.objects.filter(user=customer).first()
            assert (wallet.paid_points if wallet else 0) == self.books.accounts[
                AccountKind.CUSTOMER_PAID, customer.pk
            ]
        for vendor, payable in VendorBalance.objects.values_list("vendor_id", "payable_points"):
            assert payable == self.books.accounts[AccountKind.VENDOR_PAYABLE, vendor]
        assert stored_lines() == {
            line.reference: (
                line.refunded + line.refunded_subsidy,
                line.refunded_promotional,
                line.refunded_subsidy,
                line.released,
                line.commission,
            )
            for order in self.books.orders
            for line in order.lines
        }
        assert dict(Card.objects.values_list("number", "state")) == self.books.cards

    @invariant()
    def the_books_prove(self) -> None:
        # The machine knows no orders of the shop: whether those were paid is not its to prove.
        assert_ledger_proved(but_for={"orders-paid", "orders-add-up"})


def stored_balances() -> dict[tuple[str, int], int]:
    rows = Entry.objects.values_list("account__kind", "account__owner_id").annotate(
        points=Sum("amount_points")
    )
    return {(kind, owner): total for kind, owner, total in rows if total}


def stored_lots() -> dict[int, list[tuple[bool, int]]]:
    found: dict[int, list[tuple[bool, int]]] = {}
    lots = Lot.objects.order_by("id").values_list("customer_id", "account_kind", "remaining_points")
    for customer, kind, left in lots:
        found.setdefault(customer, []).append((kind == AccountKind.CUSTOMER_PROMOTIONAL, left))
    return found


def stored_lines() -> dict[str, tuple[int, ...]]:
    rows = Allocation.objects.values_list(
        "reference", "refunded_points", "refunded_promotional_points", "refunded_subsidy_points",
        "released_points", "commission_points",
    )  # fmt: skip
    return {reference: tuple(points) for reference, *points in rows}
