"""What was sent before there were invoices gets them afterwards, once, as if they had been written then."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from forked_apps.order.document_models import Invoice, InvoiceCounter, InvoiceKind
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import ReturnReason
from forked_apps.order.services import missing_invoices
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.cancellation import cancel_by_vendor, cancel_lines
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.missing_invoices import issue_missing_invoices
from forked_apps.order.services.returns import open_return, settle_return
from forked_apps.partner.models import Partner
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


def a_part(vendor: Partner | None = None) -> VendorOrder:
    """3 pieces of 1,001 and 1 of 500, delivered for 500."""
    vendor = vendor or VendorFactory()
    first = make_offer(vendor=vendor, price=1_001, charge_points=500)
    second = make_offer(vendor=vendor, price=500, charge_points=500)
    return make_order(make_customer(points=1_000_000), {first: 3, second: 1}).vendor_orders.get()


def sent(part: VendorOrder, packer: User) -> VendorOrder:
    """As it was in those days: nobody asked for an invoice."""
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-1")
    forget_messages()
    return VendorOrder.objects.get(pk=part.pk)


def forget_messages() -> None:
    OutboxMessage.objects.filter(topic__in=["vendor_order.invoice", "vendor_order.credit_note"]).delete()


def run() -> str:
    out = StringIO()
    call_command("issue_missing_invoices", stdout=out)
    return out.getvalue()


def test_what_left_without_an_invoice_gets_one_once(packer: User) -> None:
    vendor = VendorFactory()
    parts = [sent(a_part(vendor), packer) for _ in range(3)]
    waiting, cancelled = a_part(vendor), a_part(vendor)
    cancel_by_vendor(vendor=vendor, actor=packer, vendor_order=cancelled, reason="-")
    assert "3 vendor orders have" in run()
    assert "0 vendor orders have" in run()
    documents = Invoice.objects.order_by("pk")
    assert [(one.vendor_order, one.sequence) for one in documents] == [
        (part, number) for number, part in enumerate(parts, 1)
    ]
    assert not waiting.invoices.exists()
    assert InvoiceCounter.objects.get().last == 3


def test_it_is_done_in_batches(packer: User) -> None:
    vendor = VendorFactory()
    for _ in range(3):
        sent(a_part(vendor), packer)
    assert [issue_missing_invoices(at_once=2) for _ in range(3)] == [2, 1, 0]


def test_what_was_cancelled_before_stands_on_none_and_what_went_back_since_is_credited(packer: User) -> None:
    part = a_part()
    three, one = part.lines.order_by("pk")
    cancel_lines(vendor=part.vendor, actor=packer, vendor_order=part, quantities={three.pk: 1}, reason="-")
    part = sent(part, packer)
    mark_delivered(vendor=part.vendor, actor=packer, vendor_order=part)
    part.refresh_from_db()
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=three.pk, points=77, reason="Late"
    )
    asked = open_return(
        customer=part.order.user, vendor_order=part, quantities={three.pk: 2, one.pk: 1},
        reason=ReturnReason.DAMAGED, description="Broken",
    )  # fmt: skip
    settle_return(
        vendor=part.vendor, actor=packer, asked=asked, accepted={three.pk: 2, one.pk: 1}, restocked={},
        deducted_points=0, answer="",
    )  # fmt: skip
    asked.refresh_from_db()
    forget_messages()
    run()
    invoice, allowance, back = Invoice.objects.order_by("pk")
    assert [document.kind for document in (invoice, allowance, back)] == [
        InvoiceKind.INVOICE, InvoiceKind.CREDIT_NOTE, InvoiceKind.CREDIT_NOTE,
    ]  # fmt: skip
    assert invoice.total_points == 2 * 1_001 + 500 + 500
    assert (allowance.total_points, back.total_points) == (77, asked.refunded_points)
    # Made at once, so they stand on one note, with what of the way went back.
    assert len(back.facts["lines"]) == 2
    assert back.facts["shipping_points"] > 0
    assert back.total_points == back.paid_points
    run()
    assert Invoice.objects.count() == 3


def test_a_message_that_still_waits_writes_no_second_one(packer: User, drain_outbox) -> None:
    part = a_part()
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-1")
    run()
    drain_outbox()
    assert Invoice.objects.count() == 1


def test_one_that_fails_keeps_neither_its_invoice_nor_a_number(
    packer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = sent(a_part(), packer)
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=part.lines.earliest("pk").pk, points=7,
        reason="-",
    )  # fmt: skip
    forget_messages()

    def broken(**_facts: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(missing_invoices, "issue_credit_note", broken)
        with pytest.raises(RuntimeError):
            run()
    assert not Invoice.objects.exists()
    assert not InvoiceCounter.objects.exists()
    run()
    assert Invoice.objects.count() == 2
