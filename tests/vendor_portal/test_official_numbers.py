"""A vendor's registration and tax numbers: typed in any digits, printed on the invoices that follow."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from forked_apps.order.document_models import Invoice
from forked_apps.order.invoice_documents import invoice_pdf
from forked_apps.order.models import VendorOrder
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.invoices import issue_invoice
from forked_apps.partner.models import Partner
from forked_apps.partner.official_numbers import validate_official_number
from forked_apps.partner.permissions import VendorPermission as P
from tests.documents import pages_of
from tests.factories.orders import make_customer, make_offer, make_order
from tests.factories.vendors import Cast, a_cast, a_staff_member

pytestmark = pytest.mark.django_db
DETAILS = {"name": "Baghdad Bazaar", "governorate": "BG", "phone": "0770 123 4567", "about": ""}


def save(browser, vendor: Partner, **numbers: str) -> int:
    return browser.post(reverse("portal:details", args=[vendor.code]), {**DETAILS, **numbers}).status_code


def invoice_of(cast: Cast) -> Invoice:
    part = make_order(make_customer(points=1_000_000), [make_offer(vendor=cast.vendor)]).vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=cast.alice, vendor_order=part, tracking_code="T")
    return issue_invoice(vendor_order=VendorOrder.objects.get(pk=part.pk))


def test_numbers_are_read_in_any_digits_and_kept_in_ascii(sign_in) -> None:
    cast = a_cast(bob_may=[P.SETTINGS_EDIT])
    browser = sign_in(cast.bob)
    assert save(browser, cast.vendor, registration_number=" م.ت  ١٢٣٤/۵۶ ", tax_number="٩٠٠-77") == 302
    vendor = Partner.objects.get(pk=cast.vendor.pk)
    assert (vendor.registration_number, vendor.tax_number) == ("م.ت 1234/56", "900-77")
    html = browser.get(reverse("portal:details", args=[vendor.code])).content.decode()
    assert 'value="900-77"' in html
    assert save(browser, cast.vendor) == 302
    assert Partner.objects.get(pk=vendor.pk).tax_number == ""


@pytest.mark.parametrize("wrong", ["12<b>", "---", "1" * 41, "12;34", "12\N{SNOWMAN}"])
def test_what_is_no_number_is_refused_and_kept_on_the_page(sign_in, wrong: str) -> None:
    cast = a_cast()
    answer = sign_in(cast.alice).post(
        reverse("portal:details", args=[cast.vendor.code]), {**DETAILS, "tax_number": wrong}
    )
    assert answer.status_code == 422
    assert "id_tax_number_error" in answer.content.decode()
    assert Partner.objects.get(pk=cast.vendor.pk).tax_number == ""


def test_staff_type_them_in_ascii_digits() -> None:
    validate_official_number("IQ 12-3")
    with pytest.raises(ValidationError):
        validate_official_number("١٢")


def test_who_may_not_edit_the_shop_changes_no_number(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    assert save(sign_in(cast.bob), cast.vendor, tax_number="1") == 403
    assert save(sign_in(cast.dana), cast.vendor, tax_number="1") == 404
    assert Partner.objects.get(pk=cast.vendor.pk).tax_number == ""


def test_an_invoice_keeps_the_numbers_of_its_day(sign_in) -> None:
    cast = a_cast()
    without = invoice_of(cast)
    save(sign_in(cast.alice), cast.vendor, registration_number="1234/56", tax_number="900-77")
    numbered = invoice_of(cast)
    save(sign_in(cast.alice), cast.vendor, registration_number="", tax_number="1")
    old, new = (Invoice.objects.get(pk=invoice.pk) for invoice in (without, numbered))
    assert (new.facts["seller"]["registration_number"], new.facts["seller"]["tax_number"]) == (
        "1234/56", "900-77",
    )  # fmt: skip
    for language in ("ar", "ckb", "en"):
        (page,) = pages_of(invoice_pdf(new, language=language))
        assert "1234/56" in page
        assert "900-77" in page
    assert "Tax no." in page
    assert "Tax no." not in pages_of(invoice_pdf(old, language="en"))[0]


def test_an_invoice_of_before_there_were_such_numbers_is_printed(sign_in) -> None:
    """Its facts have no such keys, and never will."""
    invoice = invoice_of(a_cast())
    del invoice.facts["seller"]["registration_number"], invoice.facts["seller"]["tax_number"]
    (page,) = pages_of(invoice_pdf(invoice, language="en"))
    assert "Registration no." not in page


def test_staff_see_them_with_the_vendor(sign_in) -> None:
    cast = a_cast()
    Partner.objects.filter(pk=cast.vendor.pk).update(tax_number="900-77")
    browser = sign_in(a_staff_member("admin"))
    html = browser.get(reverse("vendor_staff:vendor", args=[cast.vendor.code])).content.decode()
    assert "900-77" in html
    assert "Commercial registration number" not in html
