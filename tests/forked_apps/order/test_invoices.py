"""What was sold is written down once, in numbers without a gap, and what went back refers to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.models import Max

from forked_apps.order.document_models import Invoice, InvoiceCounter, InvoiceKind
from forked_apps.order.errors import NotInvoiceable
from forked_apps.order.handover import handover_code
from forked_apps.order.models import LineReduction, Order, VendorOrder
from forked_apps.order.services import invoices
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.cancellation import cancel_by_vendor, cancel_lines
from forked_apps.order.services.delivery import hand_over
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.invoices import issue_credit_note, issue_invoice
from forked_apps.partner.models import Partner
from marketplace.users.models import User
from points_payment.proof import prove
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order
from tests.factories.points import make_customer_with_points
from tests.forked_apps.order.test_races import at_once

pytestmark = pytest.mark.django_db
PARALLEL = 8


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


def a_part(vendor: Partner | None = None, *, pieces: int = 3, price: int = 1_001) -> VendorOrder:
    offer = make_offer(vendor=vendor or VendorFactory(), price=price, charge_points=500)
    order: Order = make_order(make_customer(points=1_000_000), {offer: pieces})
    return order.vendor_orders.get()


def shipped(part: VendorOrder, packer: User) -> VendorOrder:
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-1")
    return VendorOrder.objects.get(pk=part.pk)


def test_an_invoice_says_what_left_and_what_it_cost(packer: User, drain_outbox: Callable) -> None:
    part = shipped(a_part(), packer)
    assert not Invoice.objects.exists()
    drain_outbox()
    invoice = Invoice.objects.get()
    assert (invoice.kind, invoice.vendor_order, invoice.sequence) == (InvoiceKind.INVOICE, part, 1)
    assert invoice.number == f"INV-{part.vendor_id}-{invoice.year}-00001"
    assert (invoice.total_points, invoice.paid_points, invoice.promotional_points) == (3_503, 3_503, 0)
    (line,) = invoice.facts["lines"]
    assert (line["pieces"], line["unit_points"], line["points"]) == (3, 1_001, 3_003)
    assert invoice.facts["shipping_points"] == 500
    assert invoice.facts["seller"]["name"] == part.vendor.name
    assert invoice.facts["buyer"]["district"] == "Karrada"


def test_nothing_is_invoiced_before_everything_has_left(packer: User, drain_outbox: Callable) -> None:
    part = a_part()
    line = part.lines.get()
    with pytest.raises(NotInvoiceable):
        issue_invoice(vendor_order=part)
    ship_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities={line.pk: 1}, tracking_code="T-1"
    )
    drain_outbox()
    assert not Invoice.objects.exists()
    assert not InvoiceCounter.objects.exists()


def test_what_was_cancelled_before_stands_on_no_invoice_and_needs_no_credit_note(
    packer: User, drain_outbox: Callable
) -> None:
    part = a_part()
    line = part.lines.get()
    cancel_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities={line.pk: 1}, reason="Broken"
    )
    ship_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities={line.pk: 1}, tracking_code="T-1"
    )
    cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="Sold out")
    drain_outbox()
    invoice = Invoice.objects.get()
    assert [(row["pieces"], row["points"]) for row in invoice.facts["lines"]] == [(1, 1_001)]
    assert (invoice.total_points, invoice.paid_points) == (1_501, 1_501)


def test_a_cancelled_order_has_no_invoice(packer: User, drain_outbox: Callable) -> None:
    part = a_part()
    cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="Sold out")
    drain_outbox()
    assert not Invoice.objects.exists()


def test_each_reduction_afterwards_gets_a_credit_note(packer: User, drain_outbox: Callable) -> None:
    part = shipped(a_part(), packer)
    line = part.lines.get()
    hand_over(
        vendor=part.vendor, actor=packer, vendor_order=part, code=handover_code(part),
        refused={line.pk: 1}, reason="Scratched",
    )  # fmt: skip
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=line.pk, points=77, reason="Late"
    )
    drain_outbox()
    invoice, refused, allowance = Invoice.objects.order_by("pk")
    assert [note.refers_to for note in (refused, allowance)] == [invoice, invoice]
    assert [note.number for note in (refused, allowance)] == [
        f"CN-{part.vendor_id}-{invoice.year}-0000{n}" for n in (1, 2)
    ]
    assert [(note.total_points, note.paid_points) for note in (refused, allowance)] == [
        (1_001, 1_001),
        (77, 77),
    ]
    assert [row["kind"] for note in (refused, allowance) for row in note.facts["lines"]] == [
        "refused", "allowance",
    ]  # fmt: skip
    assert refused.facts["refers_to"]["number"] == invoice.number
    reduced = sum(LineReduction.objects.values_list("refunded_points", flat=True))
    assert reduced == refused.total_points + allowance.total_points


def test_asked_for_twice_a_document_is_written_once(packer: User, drain_outbox: Callable) -> None:
    part = shipped(a_part(), packer)
    line = part.lines.get()
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=line.pk, points=77, reason="Late"
    )
    drain_outbox()
    assert issue_invoice(vendor_order=part) == Invoice.objects.get(kind=InvoiceKind.INVOICE)
    ids = list(LineReduction.objects.values_list("pk", flat=True))
    assert issue_credit_note(vendor_order=part, reduction_ids=ids) == Invoice.objects.get(
        kind=InvoiceKind.CREDIT_NOTE
    )
    assert set(InvoiceCounter.objects.values_list("last", flat=True)) == {1}


def test_a_credit_note_whose_message_came_first_brings_its_invoice(packer: User) -> None:
    part = shipped(a_part(), packer)
    line = part.lines.get()
    row = give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=line.pk, points=77, reason="Late"
    )
    note = issue_credit_note(vendor_order=part, reduction_ids=[row.pk])
    assert note is not None
    assert note.refers_to is not None
    # The allowance came after the sale: it is no part of the invoice.
    assert note.refers_to.total_points == 3_503


def test_promotional_points_are_told_apart_before_and_after_a_cancellation(
    packer: User, drain_outbox: Callable
) -> None:
    customer = make_customer_with_points(paid=1_000_000, promotional=2_000)
    offer = make_offer(price=1_001, charge_points=500)
    part = make_order(customer, {offer: 3}).vendor_orders.get()
    line = part.lines.get()
    cancel_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities={line.pk: 1}, reason="Broken"
    )
    shipped(part, packer)
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=line.pk, points=77, reason="Late"
    )
    drain_outbox()
    invoice, note = Invoice.objects.order_by("pk")
    # Of 3,503 points 2,000 were promotional; the 1,001 of the cancelled piece went back as paid ones first.
    assert (invoice.total_points, invoice.paid_points, invoice.promotional_points) == (2_502, 502, 2_000)
    assert (note.total_points, note.paid_points, note.promotional_points) == (77, 77, 0)


def test_an_invoice_stays_as_it_was_issued(packer: User, drain_outbox: Callable) -> None:
    part = shipped(a_part(), packer)
    drain_outbox()
    before, name = Invoice.objects.get().facts, part.vendor.name
    Partner.objects.filter(pk=part.vendor_id).update(name="Another name")
    product = part.lines.get().product
    product.title_en = "Another title"
    product.save()
    assert issue_invoice(vendor_order=part).facts == before
    assert before["seller"]["name"] == name != "Another name"


@pytest.mark.parametrize(
    "change",
    [lambda: Invoice.objects.update(total_points=1), lambda: Invoice.objects.all().delete()],
    ids=["update", "delete"],
)
def test_the_database_refuses_to_change_an_invoice(
    packer: User, drain_outbox: Callable, change: Callable[[], Any]
) -> None:
    shipped(a_part(), packer)
    drain_outbox()
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        change()
    assert Invoice.objects.get().total_points == 3_503


def test_each_vendor_counts_by_itself_and_a_rollback_leaves_no_gap(packer: User) -> None:
    vendor, other = VendorFactory(), VendorFactory()
    first, second, theirs = (shipped(a_part(of), packer) for of in (vendor, vendor, other))
    issue_invoice(vendor_order=first)
    with transaction.atomic():
        assert issue_invoice(vendor_order=second).sequence == 2
        transaction.set_rollback(True)
    assert issue_invoice(vendor_order=second).sequence == 2
    assert issue_invoice(vendor_order=theirs).sequence == 1


def test_the_proof_finds_a_gap_and_a_credit_beyond_its_invoice(packer: User, drain_outbox: Callable) -> None:
    part = shipped(a_part(), packer)
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=part.lines.get().pk, points=77,
        reason="Late",
    )  # fmt: skip
    drain_outbox()
    assert prove() == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE order_invoice DISABLE TRIGGER order_document_is_final")
        cursor.execute("UPDATE order_invoice SET sequence = 7 WHERE kind = 'invoice'")
        cursor.execute(
            "UPDATE order_invoice SET total_points = 9000, paid_points = 9000 WHERE kind = 'credit_note'"
        )
        found = {finding.check for finding in prove()}
        transaction.set_rollback(True)
    assert found == {"invoices-whole"}


# Many at once -----------------------------------------------------------------------------
def parallel_invoices() -> list[object]:
    vendor, packer = VendorFactory(), CustomerFactory(first_name="Bob")
    parts = [shipped(a_part(vendor), packer) for _ in range(PARALLEL)]
    # Each one twice: a message may be carried out more than once.
    return at_once([lambda part=part: issue_invoice(vendor_order=part) for part in parts * 2])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_however_many_are_issued_at_once() -> None:
    outcomes = parallel_invoices()
    assert all(isinstance(outcome, Invoice) for outcome in outcomes), outcomes
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, PARALLEL + 1))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_counter_s_lock_two_invoices_want_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    met = threading.Barrier(PARALLEL, timeout=10)

    def unlocked(*, vendor_id: int, kind: InvoiceKind, year: int) -> int:
        last = Invoice.objects.filter(vendor_id=vendor_id, kind=kind, year=year).aggregate(n=Max("sequence"))
        met.wait()
        return (last["n"] or 0) + 1

    monkeypatch.setattr(invoices, "next_sequence", unlocked)
    vendor, packer = VendorFactory(), CustomerFactory(first_name="Bob")
    parts = [shipped(a_part(vendor), packer) for _ in range(PARALLEL)]
    outcomes = at_once([lambda part=part: issue_invoice(vendor_order=part) for part in parts])
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == PARALLEL - 1
    # What the counter would have said, so that the books prove after the test.
    year = Invoice.objects.get().year
    InvoiceCounter.objects.create(vendor=vendor, kind=InvoiceKind.INVOICE, year=year, last=1)
