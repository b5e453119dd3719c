"""Weight bands, parcels, labels and invoices through the portal's pages."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from forked_apps.order.document_models import Invoice, ParcelCorrection
from forked_apps.order.models import Parcel, VendorOrder
from forked_apps.order.packing_models import PreparedParcel
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.packing import prepare_parcel
from forked_apps.partner.models import Partner
from forked_apps.partner.permissions import VendorPermission as P
from forked_apps.shipping.models import Carrier, ShippingBand, ShippingRate
from marketplace.users.models import User
from tests.documents import pages_of
from tests.factories.orders import ShippingRateFactory, make_customer, make_offer, make_order
from tests.factories.vendors import Cast, a_cast
from vendor_portal.services.settings import Rate, set_shipping_rates

pytestmark = pytest.mark.django_db
PACKER = (P.ORDERS_VIEW, P.ORDERS_SHIP)


def url(name: str, vendor: Partner, *args: object) -> str:
    return reverse(f"portal:{name}", args=[vendor.code, *args])


def a_part(cast: Cast, vendor: Partner | None = None, **offer: object) -> VendorOrder:
    of = vendor or cast.vendor
    order = make_order(make_customer(points=1_000_000), {make_offer(vendor=of, **offer): 3})
    return order.vendor_orders.get()


def shipped(browser, cast: Cast, part: VendorOrder, *, pieces: int = 3, **data: str) -> Parcel:
    line = part.lines.get()
    browser.post(
        url("orders-ship", cast.vendor, part.number),
        {"tracking_code": "T-1", f"line_{line.pk}": str(pieces), **data},
    )
    return Parcel.objects.latest("pk")


# Weight bands -----------------------------------------------------------------------------
@pytest.fixture
def rate() -> ShippingRate:
    cast = a_cast(bob_may=[P.SETTINGS_EDIT])
    return ShippingRateFactory(vendor=cast.vendor, charge_points=5_000)


@pytest.fixture
def browser(rate: ShippingRate, sign_in):
    return sign_in(User.objects.get(first_name="Bob"))


GOOD = {
    "base_up_to": "١٠", "up_to_0": "20", "charge_0": "8,000", "up_to_1": "50.5", "charge_1": "15000",
    "per_further_kg": "250",
}  # fmt: skip


def bands_of(rate: ShippingRate) -> list[tuple[int, int]]:
    return list(rate.bands.values_list("up_to_grams", "charge_points"))


def test_bands_are_written_and_read_again(browser, rate: ShippingRate) -> None:
    page = url("shipping-weights", rate.vendor, "BG")
    assert browser.post(page, GOOD).status_code == 302
    rate.refresh_from_db()
    assert (rate.base_up_to_grams, rate.per_further_kg_points) == (10_000, 250)
    assert bands_of(rate) == [(20_000, 8_000), (50_500, 15_000)]
    assert 'value="50.5"' in browser.get(page).content.decode()
    overview = browser.get(url("shipping", rate.vendor)).content.decode()
    assert "3 weight bands up to" in overview
    browser.post(page, {})
    rate.refresh_from_db()
    assert (rate.base_up_to_grams, bands_of(rate)) == (None, [])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"base_up_to": ""}, "base_up_to", "up to which weight the base charge is for"),
        ({"up_to_1": "20"}, "up_to_1", "More than 20 kg"),
        ({"up_to_1": "15"}, "up_to_1", "More than 20 kg"),
        ({"up_to_0": "10"}, "up_to_0", "More than 10 kg"),
        ({"up_to_0": "", "charge_0": ""}, "up_to_0", "leave no row empty"),
        ({"charge_1": ""}, "charge_1", "Write a number"),
        ({"up_to_1": ""}, "up_to_1", "up to which weight"),
        ({"charge_1": "7000"}, "charge_1", "Not less than lighter goods pay"),
        ({"charge_0": "4999"}, "charge_0", "Not less than lighter goods pay"),
        ({"up_to_0": "heavy"}, "up_to_0", "such as 2.5"),
    ],
    ids=[
        "no-base", "same-weight-twice", "overlap", "base-again", "gap", "no-charge", "no-weight", "cheaper",
        "cheaper-than-the-base", "no-number",
    ],
)  # fmt: skip
def test_gaps_and_overlaps_are_told_beside_the_field_and_change_nothing(
    browser, rate: ShippingRate, change: dict[str, str], field: str, words: str
) -> None:
    page = browser.post(url("shipping-weights", rate.vendor, "BG"), {**GOOD, **change})
    assert page.status_code == 422
    html = page.content.decode()
    assert words in " ".join(page.context["form"].errors[field])
    assert f'name="{field}"' in html
    # What was typed stays.
    assert 'value="8,000"' in html or "charge_0" in change
    assert bands_of(rate) == []


def test_the_same_bands_for_other_governorates_leave_their_base_charge(browser, rate: ShippingRate) -> None:
    basra = ShippingRateFactory(vendor=rate.vendor, governorate="BA", charge_points=9_000)
    najaf = ShippingRateFactory(vendor=rate.vendor, governorate="NA", charge_points=7_000)
    browser.post(url("shipping-weights", rate.vendor, "BG"), {**GOOD, "also": ["BA"]})
    assert bands_of(basra) == bands_of(rate) == [(20_000, 8_000), (50_500, 15_000)]
    assert bands_of(najaf) == []
    basra.refresh_from_db()
    assert (basra.charge_points, basra.base_up_to_grams) == (9_000, 10_000)


def test_bands_survive_a_new_rate_and_go_with_the_governorate(browser, rate: ShippingRate) -> None:
    browser.post(url("shipping-weights", rate.vendor, "BG"), GOOD)
    set_shipping_rates(vendor=rate.vendor, rates={"BG": Rate(6_000, None, 1, 2)})
    rate.refresh_from_db()
    assert (rate.charge_points, rate.base_up_to_grams, len(bands_of(rate))) == (6_000, 10_000, 2)
    set_shipping_rates(vendor=rate.vendor, rates={})
    assert not ShippingBand.objects.exists()


def test_bands_of_another_vendor_or_nowhere_are_out_of_reach(browser, rate: ShippingRate) -> None:
    other = Partner.objects.exclude(pk=rate.vendor_id).get()
    theirs = ShippingRateFactory(vendor=other)
    assert browser.post(url("shipping-weights", other, "BG"), GOOD).status_code == 404
    assert browser.post(url("shipping-weights", rate.vendor, "XX"), GOOD).status_code == 404
    assert browser.post(url("shipping-weights", rate.vendor, "BA"), GOOD).status_code == 302
    also = browser.post(url("shipping-weights", rate.vendor, "BG"), {**GOOD, "also": ["BA"]})
    assert also.status_code == 302  # There is no other governorate, so there is no such field.
    assert bands_of(theirs) == []
    assert ShippingRate.objects.filter(vendor=rate.vendor).count() == 1


def test_who_may_not_edit_settings_opens_no_bands(sign_in) -> None:
    cast = a_cast(bob_may=PACKER)
    ShippingRateFactory(vendor=cast.vendor)
    assert sign_in(cast.bob).get(url("shipping-weights", cast.vendor, "BG")).status_code == 403


def test_a_vendor_says_what_its_offer_weighs(sign_in) -> None:
    cast = a_cast(bob_may=[P.PRODUCTS_VIEW, P.PRODUCTS_EDIT])
    offer = make_offer(vendor=cast.vendor, price=1_000)
    data = {"price": "1000", "handling_days": "1", "is_active": "on"}
    browser = sign_in(cast.bob)
    browser.post(url("offers-edit", cast.vendor, offer.pk), {**data, "weight": "٢٫٥"})
    offer.refresh_from_db()
    assert offer.weight_grams == 2_500
    browser.post(url("offers-edit", cast.vendor, offer.pk), data)
    offer.refresh_from_db()
    assert offer.weight_grams is None


# Parcels ----------------------------------------------------------------------------------
def test_a_parcel_is_sent_with_its_weight_and_followed_by_its_carrier_s_link(sign_in) -> None:
    cast = a_cast(bob_may=PACKER)
    Carrier.objects.create(name="Tigris Post", tracking_link="https://tigris.example/{code}")
    part = a_part(cast)
    browser = sign_in(cast.bob)
    page = url("orders-detail", cast.vendor, part.number)
    assert '<option value="Tigris Post">' in browser.get(page).content.decode()
    parcel = shipped(browser, cast, part, pieces=1, carrier="Tigris Post", weight="2.5")
    assert parcel.weight_grams == 2_500
    html = browser.get(page).content.decode()
    assert 'href="https://tigris.example/T-1"' in html
    assert "Partly shipped" in html
    buyer = sign_in(part.order.user)
    seen = buyer.get(reverse("customer:order", args=[part.order.number])).content.decode()
    assert 'href="https://tigris.example/T-1"' in seen
    assert seen.count("Partly shipped") == 2


def test_a_mistyped_code_is_corrected_with_its_history(sign_in) -> None:
    cast = a_cast(bob_may=PACKER)
    part = a_part(cast)
    browser = sign_in(cast.bob)
    shipped(browser, cast, part)
    page = url("orders-correct", cast.vendor, part.number, 1)
    assert 'value="T-1"' in browser.get(page).content.decode()
    assert browser.post(page, {"tracking_code": ""}).status_code == 422
    assert browser.post(page, {"tracking_code": "T-9", "carrier": "Someone"}).status_code == 302
    assert Parcel.objects.get().tracking_code == "T-9"
    html = browser.get(page).content.decode()
    assert "T-1" in html
    assert "Bob" in html
    mark_delivered(vendor=cast.vendor, actor=cast.bob, vendor_order=part)
    assert browser.post(page, {"tracking_code": "T-10"}).status_code == 302
    assert Parcel.objects.get().tracking_code == "T-9"
    assert ParcelCorrection.objects.count() == 1


def test_a_packer_prints_the_label_first_and_sends_the_parcel_later(sign_in) -> None:
    cast = a_cast(bob_may=PACKER)
    part = a_part(cast, weight_grams=1_500)
    line = part.lines.get()
    browser = sign_in(cast.bob)
    order_page = url("orders-detail", cast.vendor, part.number)
    prepare_page = url("orders-prepare", cast.vendor, part.number)
    assert prepare_page in browser.get(order_page).content.decode()
    assert browser.get(prepare_page).status_code == 200
    for wrong in (
        {f"line_{line.pk}": "4"},
        {f"line_{line.pk}": "0"},
        {f"line_{line.pk}": "1", "weight": "x"},
    ):
        assert browser.post(prepare_page, wrong).status_code == 422
    assert not PreparedParcel.objects.exists()
    wanted = {f"line_{line.pk}": "٢", "carrier": "Tigris Post", "position": "1"}
    for _press in range(2):
        assert browser.post(prepare_page, wanted).status_code == 302
    assert PreparedParcel.objects.count() == 1
    assert 'name="position" value="2"' in browser.get(prepare_page).content.decode()
    assert browser.post(prepare_page, {**wanted, "position": "x' OR 1"}).status_code == 422
    html = browser.get(order_page).content.decode()
    assert "Tigris Post" in html
    assert f'name="line_{line.pk}" value="1"' in re.sub(r'type="text" ', "", html)
    for paper in ("orders-label", "orders-slip"):
        assert url(paper, cast.vendor, part.number, 1) in html
        assert browser.get(url(paper, cast.vendor, part.number, 1))["Content-Type"] == "application/pdf"
    assert len(pages_of(browser.get(url("labels", cast.vendor), {"order": part.number}).content)) == 1
    send_page = url("orders-send", cast.vendor, part.number, 1)
    assert 'value="Tigris Post"' in browser.get(send_page).content.decode()
    assert browser.post(send_page, {"tracking_code": ""}).status_code == 422
    assert not Parcel.objects.exists()
    assert browser.post(send_page, {"tracking_code": "T-5", "carrier": "Tigris Post"}).status_code == 302
    parcel = Parcel.objects.get()
    assert (parcel.position, parcel.tracking_code, parcel.weight_grams) == (1, "T-5", 3_000)
    assert browser.get(send_page).status_code == 404
    assert browser.post(prepare_page, {f"line_{line.pk}": "1"}).status_code == 302
    assert browser.post(url("orders-unpack", cast.vendor, part.number, 2)).status_code == 302
    assert not PreparedParcel.objects.exists()
    shipped(browser, cast, part, pieces=1)
    assert browser.get(prepare_page).status_code == 302


def test_an_order_s_page_costs_the_same_queries_for_one_box_as_for_many(sign_in) -> None:
    cast = a_cast(bob_may=PACKER)
    part = a_part(cast)
    line = part.lines.get()
    browser = sign_in(cast.bob)

    def queries() -> int:
        browser.post(url("orders-prepare", cast.vendor, part.number), {f"line_{line.pk}": "1"})
        with CaptureQueriesContext(connection) as found:
            assert browser.get(url("orders-detail", cast.vendor, part.number)).status_code == 200
        return len(found)

    assert queries() == queries()


@pytest.mark.parametrize("step", ["orders-prepare", "orders-send", "orders-unpack"])
def test_a_box_of_another_vendor_does_not_exist_and_packing_needs_its_right(step: str, sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    part = a_part(cast)
    prepare_parcel(
        vendor=cast.vendor, actor=cast.alice, vendor_order=part, quantities={part.lines.get().pk: 1}
    )
    args = [part.number] if step == "orders-prepare" else [part.number, 1]
    data = {f"line_{part.lines.get().pk}": "1", "tracking_code": "T-1"}
    for person, of, answer in (
        (cast.bob, cast.vendor, 403),
        (cast.dana, cast.vendor, 404),
        (cast.dana, cast.other_vendor, 404),
    ):
        assert sign_in(person).post(url(step, of, *args), data).status_code == answer
    assert PreparedParcel.objects.count() == 1
    assert not Parcel.objects.exists()


@pytest.mark.parametrize("paper", ["orders-label", "orders-slip", "orders-correct"])
def test_papers_of_another_vendor_do_not_exist_and_need_their_right(paper: str, sign_in) -> None:
    cast = a_cast(bob_may=[P.PRODUCTS_VIEW])
    part = a_part(cast)
    shipped(sign_in(cast.alice), cast, part)
    assert sign_in(cast.bob).get(url(paper, cast.vendor, part.number, 1)).status_code == 403
    assert sign_in(cast.dana).get(url(paper, cast.vendor, part.number, 1)).status_code == 404
    assert sign_in(cast.dana).get(url(paper, cast.other_vendor, part.number, 1)).status_code == 404
    assert sign_in(cast.alice).get(url(paper, cast.vendor, part.number, 2)).status_code == 404


def test_labels_of_several_orders_are_one_document(sign_in) -> None:
    cast = a_cast(bob_may=PACKER)
    browser = sign_in(cast.bob)
    parts = [a_part(cast) for _ in range(2)]
    for part in parts:
        shipped(browser, cast, part, pieces=2)
        shipped(browser, cast, part, pieces=1)
    theirs = a_part(cast, vendor=cast.other_vendor)
    waiting = a_part(cast)
    chosen = [part.number for part in (*parts, theirs, waiting)]
    html = browser.get(url("orders", cast.vendor)).content.decode()
    assert f'value="{parts[0].number}"' in html
    pdf = browser.get(url("labels", cast.vendor), {"order": chosen})
    assert pdf["Content-Type"] == "application/pdf"
    pages = pages_of(pdf.content)
    assert len(pages) == 4
    assert all(theirs.number not in page for page in pages)
    for nothing in ([], [waiting.number], [theirs.number], [f"{n}" for n in range(51)]):
        assert browser.get(url("labels", cast.vendor), {"order": nothing}).status_code == 302


# Invoices ---------------------------------------------------------------------------------
def test_a_vendor_finds_its_own_invoices(sign_in, drain_outbox) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    alice = sign_in(cast.alice)
    for _ in range(2):
        shipped(alice, cast, a_part(cast))
    theirs = a_part(cast, vendor=cast.other_vendor)
    sign_in(cast.dana).post(
        url("orders-ship", cast.other_vendor, theirs.number),
        {"tracking_code": "T-1", f"line_{theirs.lines.get().pk}": "3"},
    )
    drain_outbox()
    browser = sign_in(cast.bob)
    html = browser.get(url("invoices", cast.vendor)).content.decode()
    links = re.findall(r'href="(/portal/[^"]+/invoices/INV[^"]+/(?:ar|ckb|en)/)"', html)
    assert len(links) == 6
    assert browser.get(links[0])["Content-Type"] == "application/pdf"
    their_number = Invoice.objects.get(vendor=cast.other_vendor).number
    assert their_number not in html
    assert browser.get(url("invoices-pdf", cast.vendor, their_number, "ar")).status_code == 404
    assert sign_in(cast.dana).get(links[0]).status_code == 404
    first = Invoice.objects.filter(vendor=cast.vendor).earliest("pk")
    only = browser.get(url("invoices", cast.vendor), {"q": first.vendor_order.number}).content.decode()
    assert first.number in only
    assert only.count("/invoices/INV") == 3


def test_a_list_of_invoices_costs_the_same_queries_for_one_as_for_many(sign_in, drain_outbox) -> None:
    cast = a_cast()
    browser = sign_in(cast.alice)

    def queries() -> int:
        shipped(browser, cast, a_part(cast))
        drain_outbox()
        with CaptureQueriesContext(connection) as found:
            assert browser.get(url("invoices", cast.vendor)).status_code == 200
        return len(found)

    few = queries()
    for _ in range(3):
        many = queries()
    assert many == few
