"""Labels, packing slips and invoices, read in three languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.order import parcel_documents
from forked_apps.order.document_models import Invoice, InvoiceKind
from forked_apps.order.handover import handover_code
from forked_apps.order.invoice_documents import invoice_pdf
from forked_apps.order.models import Parcel, VendorOrder
from forked_apps.order.parcel_documents import labels_pdf, parcels_to_print, slips_pdf
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.placement import place_order
from marketplace.users.models import User
from tests.documents import pages_of, sizes_of
from tests.factories.catalogue import ProductFactory, VendorFactory
from tests.factories.orders import CustomerFactory, make_basket, make_customer, make_offer, make_order
from tests.factories.vendors import a_staff_member

pytestmark = pytest.mark.django_db
ADDRESS = DeliveryAddress(
    full_name="زينب كريم",
    phone="+9647701234567",
    governorate="BG",
    district="الكرادة",
    landmark="قرب جامع الرحمن",
    details="الطابق 3",
)


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


@pytest.fixture
def part() -> VendorOrder:
    """2 chairs of 4.5 kg and a table of which nobody knows the weight, of a vendor in Erbil."""
    vendor = VendorFactory(name="بازاڕی هەولێر", governorate="AR", phone="+9647501100003")
    chair = ProductFactory(title_en="Chair TERJE", title_ar="كرسي TERJE", title_ckb="کورسیی TERJE")
    offers = {
        make_offer(vendor=vendor, product=chair, price=12_500, weight_grams=4_500): 2,
        make_offer(vendor=vendor, product=ProductFactory(title_en="Table"), price=90_000): 1,
    }
    customer = make_customer(points=1_000_000)
    basket = make_basket(customer, offers)
    with translation.override("ar"):
        order = place_order(
            customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="documents"
        )
    return order.vendor_orders.get()


def ship(part: VendorOrder, packer: User, *, of: str = "", pieces: int = 1) -> Parcel:
    quantities = {line.pk: pieces for line in part.lines.filter(title__contains=of)} if of else None
    return ship_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities=quantities, carrier="الأمين",
        tracking_code="IQ-77/1",
    )  # fmt: skip


def assert_words(words: str, page: str) -> None:
    """One by one: readers of PDFs put the words of a line that runs to the left in either order."""
    missing = [word for word in words.split() if word not in page]
    assert not missing, page


def to_print(part: VendorOrder) -> list[Parcel]:
    return list(parcels_to_print(vendor=part.vendor, vendor_order_numbers=[part.number]))


# Labels and slips -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["From", "To", "Baghdad", "Erbil", "Parcel 1 of 2", "Parcel 2 of 2", "4.5 kg"]),
        ("ar", ["بغداد", "أربيل"]),
        ("ckb", ["بەغدا", "هەولێر"]),
    ],
)
def test_a_label_says_from_whom_to_whom_and_never_the_code_or_a_price(
    part: VendorOrder, packer: User, language: str, words: list[str]
) -> None:
    ship(part, packer, of="TERJE")
    part.refresh_from_db()
    ship(part, packer)
    with translation.override(language):
        pdf = labels_pdf(to_print(part))
    assert sizes_of(pdf) == [(105, 148)] * 2
    pages = pages_of(pdf)
    for page in pages:
        assert_words("زينب كريم بازاڕی هەولێر قرب جامع الرحمن", page)
        assert "0770 123 4567" in page
        assert part.number in page
        assert "IQ-77/1" in page
        assert handover_code(part) not in re.sub(r"\s", "", page)
        assert "12,500" not in page
    for word in words:
        assert word in "\n".join(pages)


def test_a_parcel_of_which_more_will_follow_says_so(part: VendorOrder, packer: User) -> None:
    ship(part, packer, of="TERJE")
    with translation.override("en"):
        (label,), (slip,) = pages_of(labels_pdf(to_print(part))), pages_of(slips_pdf(to_print(part)))
    assert "Parcel 1, more follow" in label
    assert "Still to come in another parcel" in slip
    rest = slip.partition("Still to come")[2]
    assert re.search(r"TERJE\s*×\s*1", rest)
    assert "Table" in rest


@pytest.mark.parametrize("language", ["en", "ar", "ckb"])
def test_a_packing_slip_lists_what_is_in_this_parcel_alone(
    part: VendorOrder, packer: User, language: str
) -> None:
    ship(part, packer, of="TERJE", pieces=2)
    part.refresh_from_db()
    ship(part, packer)
    with translation.override(language):
        first, second = pages_of(slips_pdf(to_print(part)))
    assert "كرسي" in first
    assert "Table" not in first
    assert "Table" in second
    assert "TERJE" not in second
    assert "12,500" not in first + second
    assert part.lines.get(title__contains="TERJE").partner_sku in first


def test_what_is_printed_at_once_is_bounded_and_costs_the_same_queries(
    packer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, other = VendorFactory(), VendorFactory()
    customer = make_customer(points=9_000_000)
    numbers = []
    for of in (vendor, vendor, vendor, vendor, other):
        part = make_order(customer, [make_offer(vendor=of), make_offer(vendor=of)]).vendor_orders.get()
        ship(part, packer)
        numbers.append(part.number)

    def printed(count: int) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            pdf = labels_pdf(parcels_to_print(vendor=vendor, vendor_order_numbers=numbers[-count:]))
        return len(pages_of(pdf)), len(queries)

    one, four = printed(2), printed(5)
    # The other vendor's order is among those asked for, and not among those printed.
    assert (one[0], four[0]) == (1, 4)
    assert one[1] == four[1] <= 12
    monkeypatch.setattr(parcel_documents, "MOST_PARCELS", 3)
    assert printed(5)[0] == 3


# Invoices ---------------------------------------------------------------------------------
@pytest.fixture
def sold(part: VendorOrder, packer: User, drain_outbox: Callable) -> VendorOrder:
    """With an allowance, so that there is a credit note too."""
    ship(part, packer)
    line = part.lines.order_by("pk").first()
    assert line is not None
    part.refresh_from_db()
    give_allowance(
        vendor=part.vendor, actor=packer, vendor_order=part, line_id=line.pk, points=777, reason="خدش صغير"
    )
    drain_outbox()
    return part


@pytest.mark.parametrize(
    ("language", "title", "chair", "place"),
    [
        ("en", "Invoice", "Chair TERJE", "Erbil"),
        ("ar", "", "كرسي TERJE", "أربيل"),
        ("ckb", "", "کورسیی TERJE", "هەولێر"),
    ],
)
def test_an_invoice_is_read_in_three_languages(
    sold: VendorOrder, language: str, title: str, chair: str, place: str
) -> None:
    invoice = Invoice.objects.get(kind=InvoiceKind.INVOICE)
    (page,) = pages_of(invoice_pdf(invoice, language=language))
    assert title in page
    assert invoice.number in page
    assert sold.number in page
    assert_words(f"{chair} {place} زينب كريم بازاڕی هەولێر 12,500 25,000 120,000", page)


def test_a_credit_note_names_its_invoice_and_its_reason(sold: VendorOrder) -> None:
    invoice = Invoice.objects.get(kind=InvoiceKind.INVOICE)
    (page,) = pages_of(invoice_pdf(Invoice.objects.get(kind=InvoiceKind.CREDIT_NOTE), language="en"))
    assert "Credit note" in page
    assert invoice.number in page
    assert "777" in page
    assert_words("خدش صغير", page)


def get(person: User | None, address: str) -> int:
    browser = Client()
    if person is not None:
        browser.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return browser.get(address).status_code


def test_a_buyer_reads_their_own_invoices_and_nobody_elses(sold: VendorOrder) -> None:
    number = Invoice.objects.get(kind=InvoiceKind.INVOICE).number
    base = f"/account/orders/{sold.order.number}/"
    buyer = sold.order.user
    assert buyer is not None
    browser = Client()
    browser.force_login(buyer, backend="django.contrib.auth.backends.ModelBackend")
    html = browser.get(base).content.decode()
    links = re.findall(rf'href="({base}invoices/{number}/(?:ar|ckb|en)/)"', html)
    assert len(links) == 3
    for link in links:
        assert browser.get(link)["Content-Type"] == "application/pdf"
    address = links[0]
    assert get(None, address) == 302
    assert get(make_customer(), address) == 404
    assert get(buyer, f"{base}invoices/{number}/fr/") == 404
    other = make_order(buyer)
    assert get(buyer, f"/account/orders/{other.number}/invoices/{number}/ar/") == 404


def test_staff_who_see_orders_find_every_invoice(sold: VendorOrder) -> None:
    invoice = Invoice.objects.get(kind=InvoiceKind.INVOICE)
    staff = a_staff_member("support")
    browser = Client()
    browser.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    html = browser.get("/staff/invoices/", {"q": sold.number}).content.decode()
    links = re.findall(r'href="(/staff/invoices/[^"]+/ar/)"', html)
    assert len(links) == 2
    assert browser.get(links[0])["Content-Type"] == "application/pdf"
    assert invoice.number not in browser.get("/staff/invoices/", {"q": "nothing"}).content.decode()
    assert get(a_staff_member("card-manager"), "/staff/invoices/") == 403
    assert get(a_staff_member("card-manager"), links[0]) == 403


def test_a_list_of_invoices_costs_the_same_queries_for_one_as_for_many(
    sold: VendorOrder, packer: User, drain_outbox: Callable
) -> None:
    browser = Client()
    browser.force_login(a_staff_member("support"), backend="django.contrib.auth.backends.ModelBackend")

    def queries() -> int:
        browser.get("/staff/invoices/")
        with CaptureQueriesContext(connection) as found:
            assert browser.get("/staff/invoices/").status_code == 200
        return len(found)

    few = queries()
    customer = make_customer(points=9_000_000)
    for _ in range(4):
        ship(make_order(customer).vendor_orders.get(), packer)
    drain_outbox()
    assert Invoice.objects.count() == 6
    assert queries() == few
