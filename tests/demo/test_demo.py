"""The demo: everything by the real services, again without a trace, and nowhere but in a demo."""

from __future__ import annotations

import io
import stat
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from oscar.apps.catalogue.reviews.models import ProductReview

from forked_apps.catalogue.models import Product
from forked_apps.order.document_models import Invoice, InvoiceKind
from forked_apps.order.models import Order, OrderDiscount, VendorOrder, VendorOrderStatus
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.partner.offers import ranked_offers
from marketplace.demo import (
    discounts,
    last_month,
    loader,
    money,
    people,
    pictures,
    summary,
    trade,
    vendors,
)
from marketplace.demo.clock import clock_set_back
from marketplace.env import SettingsError
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.kinds import TransferKind
from points_payment.proof import prove
from points_payment.selectors import latest_transfers
from points_payment.services.attempts import Attempt
from points_payment.services.promotions import give_promotional_points
from points_payment.services.redemption import redeem_card
from points_payment.settlement_selectors import all_statements, debts, payouts_of, vendor_payments
from points_payment.statements import Period

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes half a minute and has tests of its own."""
    steps = tuple(step for step in loader.STEPS if step.load is not pictures.load_pictures)
    monkeypatch.setattr(loader, "STEPS", steps)


def load() -> list[str | None]:
    return [progress.result for progress in loader.load_demo()]


@pytest.mark.parametrize(
    "act",
    [
        *(step.load for step in loader.STEPS),
        lambda: list(loader.load_demo()),
        money.unused_codes,
        lambda: summary.write_summary(stdout=io.StringIO(), address="http://x/"),
        lambda: call_command("load_demo"),
    ],
)
def test_a_real_shop_refuses_all_of_it(settings: Any, act: Callable[[], object]) -> None:
    settings.NUQTA_DEMO = False
    with pytest.raises(SettingsError, match="NUQTA_MODE is not demo"):
        act()
    assert not User.objects.exists()
    assert not Partner.objects.exists()


@pytest.mark.usefixtures("without_pictures")
def test_the_whole_demo() -> None:
    assert all(load())
    _check_vendors_and_offers()
    _check_people()
    _check_trade()
    _check_settlement()
    assert prove() == []
    _check_that_again_changes_nothing()
    _check_codes()
    assert prove() == []


def _check_vendors_and_offers() -> None:
    assert Counter(Partner.objects.values_list("status", flat=True)) == {
        VendorStatus.APPROVED: 9, VendorStatus.APPLIED: 1, VendorStatus.SUSPENDED: 1,
    }  # fmt: skip
    assert Partner.objects.selling().values("governorate").distinct().count() >= 6
    assert Product.objects.count() == 4_265
    offers = ranked_offers(Product.objects.values_list("pk", flat=True))
    assert len(offers) == 4_265
    share = sum(len(found) > 1 for found in offers.values()) / len(offers)
    assert 0.18 < share < 0.23
    assert {len(found) for found in offers.values()} == {1, 2, 3}
    prices = (Counter(offer.price for offer in found) for found in offers.values() if len(found) > 1)
    assert all(max(count.values()) == 1 for count in prices)
    # As the list says: what is not in stock there is nowhere in stock here.
    sold_out = [pk for pk, found in offers.items() if not any(offer.num_in_stock for offer in found)]
    assert len(sold_out) == 19
    assert StockRecord.objects.filter(list_price__isnull=False).count() >= 574
    for vendor in Partner.objects.selling():
        assert vendor.shipping_rates.count() >= 15


def _check_people() -> None:
    admin, distributor, manager = (
        people.demo_user(account) for account in (people.ADMIN, people.DISTRIBUTOR, people.CARD_MANAGER)
    )
    assert admin.is_superuser
    assert distributor.has_perm(PlatformPermission.POINTS_TOP_UP.full_name)
    assert not distributor.has_perm(PlatformPermission.CARDS_ISSUE.full_name)
    assert manager.has_perm(PlatformPermission.CARDS_ISSUE.full_name)
    vendor = vendors.vendor_of(vendors.VENDORS[0])
    owner, clerk = people.demo_user(people.OWNER), people.demo_user(people.CLERK)
    assert owner.has_perm("partner.members_manage", vendor)
    assert clerk.has_perm("partner.orders_ship", vendor)
    assert not clerk.has_perm("partner.members_manage", vendor)
    assert all(people.demo_user(account).check_password(people.DEMO_PASSWORD) for account in people.ACCOUNTS)
    assert people.demo_user(people.CUSTOMER).point_balance > 0


def _check_trade() -> None:
    assert Order.objects.count() >= 36
    parts = Order.objects.order_by().annotate(parts=Count("vendor_orders")).values_list("parts", flat=True)
    assert sum(number > 1 for number in parts) >= 10
    assert set(VendorOrder.objects.values_list("status", flat=True)) == set(VendorOrderStatus)
    assert ProductReview.objects.count() >= 300
    for product in Product.objects.exclude(rating=None)[:20]:
        assert product.rating == product.calculate_rating()


def _check_settlement() -> None:
    ids = [vendors.vendor_of(spec).pk for spec in vendors.VENDORS]
    statements = {one.vendor_id: one for one in all_statements()}
    assert set(statements) == set(ids)
    first_day = last_month.newest_month_to_close()
    assert {one.period.first_day for one in statements.values()} == {first_day}
    assert [statements[pk].state for pk in ids[:4]] == ["questioned", "accepted", "resolved", "issued"]
    assert all(one.sales_points > 0 and one.in_transit_points > 0 for one in statements.values())
    first = statements[ids[0]]
    assert first.refunds_points < 0 < first.payouts_returned_points < -first.payouts_points
    # What was sold in that month was also ordered, sent and invoiced in it, as every page says.
    sold = VendorOrder.objects.filter(order__date_placed__lt=first.period.ends_before)
    assert sold.count() == 32
    assert all(Period.month(first_day).starts_at < day for day in sold.values_list("placed_at", flat=True))
    issued = Invoice.objects.filter(vendor_order__in=sold, kind=InvoiceKind.INVOICE)
    assert issued.filter(issued_at__lt=first.period.ends_before).count() == 32
    assert {one.vendor_id: one.level for one in debts()} == {ids[3]: "owes", ids[4]: "held"}
    assert [one.vendor_id for one in vendor_payments(state="waiting")] == [ids[4]]
    assert {one.state for one in payouts_of(vendor_id=ids[0])} == {"requested", "paid", "returned"}
    assert vendors.vendor_of(vendors.AWAY).is_on_holiday
    of_owner = VendorOrder.objects.filter(vendor=ids[0])
    assert of_owner.filter(disputes__isnull=False).exists()
    assert of_owner.filter(returns__isnull=False).exists()
    assert OrderDiscount.objects.filter(offer_name=discounts.OFFERS[0].name).exists()


def test_what_happens_while_the_clock_is_set_back_happened_then() -> None:
    then = timezone.now() - timedelta(days=40)
    person = people.ensure_person(
        phone="+9647701999999", email="", first_name="A", last_name="B", language="ar", password="x"
    )
    with clock_set_back(then) as clock:
        first = _give(person, 700)
        clock.set_to(then + timedelta(days=3))
        placed = VendorOrder().placed_at
        second = _give(person, 300)
    third = _give(person, 200)
    assert placed - then - timedelta(days=3) < timedelta(minutes=1)
    moments = [one.created_at for one in latest_transfers(count=3)]
    assert first < second < third
    for moment, expected in zip(moments, (timezone.now(), placed, then), strict=True):
        assert abs(moment - expected) < timedelta(minutes=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) LIKE '%demo_clock%'"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT now() = pg_catalog.now(), to_regnamespace('demo_clock')")
        assert cursor.fetchone() == (True, None)
    assert prove() == []


def test_a_month_is_the_newest_that_can_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    for moment, first_day in (
        (datetime(2026, 3, 31, 23, tzinfo=UTC), date(2026, 2, 1)),
        # Five hours after March, then seven: Baghdad is three hours ahead.
        (datetime(2026, 4, 1, 2, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 4, 1, 4, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 1, 10, tzinfo=UTC), date(2025, 12, 1)),
    ):
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        assert last_month.newest_month_to_close() == first_day


def _give(person: User, points: int) -> int:
    posted = give_promotional_points(
        kind=TransferKind.GOODWILL, customer_id=person.pk, amount_points=points, expires_at=None,
        reference="", reason="", actor_id=None, idempotency_key=str(points),
    )  # fmt: skip
    return posted.transfer_id


def _check_that_again_changes_nothing() -> None:
    offer = StockRecord.objects.filter(num_in_stock__gt=5)[0]
    StockRecord.objects.filter(pk=offer.pk).update(price=123_000)
    counts = [model.objects.count() for model in (User, Product, StockRecord, Order, ProductReview)]
    assert load() == [None] * len(loader.STEPS)
    assert counts == [model.objects.count() for model in (User, Product, StockRecord, Order, ProductReview)]
    # What people changed meanwhile stays.
    offer.refresh_from_db()
    assert offer.price_points == 123_000


def _check_codes() -> None:
    first = money.unused_codes()
    assert len({code.code for code in first}) == money.SHOWN_CODES == 5
    assert money.unused_codes() == first
    path = money._codes_file()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    customer = people.demo_user(people.CUSTOMER)
    before = customer.point_balance
    redeem_card(
        customer=customer,
        code=first[0].code,
        idempotency_key="used-one",
        attempt=Attempt("127.0.0.1", "browser"),
    )
    customer = people.demo_user(people.CUSTOMER)
    assert customer.point_balance == before + first[0].points
    second = money.unused_codes()
    assert first[0] not in second
    assert len(second) == 5
    # More than are kept: a new batch is made.
    assert len(money.unused_codes(money.KEPT_CODES)) == money.KEPT_CODES
    output = io.StringIO()
    summary.write_summary(stdout=output, address="http://127.0.0.1:8123/")
    said = output.getvalue()
    assert "http://127.0.0.1:8123/" in said
    assert all(account.email in said for account in people.ACCOUNTS)
    assert sum(code.code in said for code in money.unused_codes()) == 5


def test_every_review_has_words() -> None:
    from marketplace.demo.review_words import REVIEW_WORDS

    for kind in ("furniture", "laptop"):
        for language in ("ar", "ckb", "en"):
            for score in range(1, 6):
                assert all(title and body for title, body in REVIEW_WORDS[kind, language, score])


def test_every_stage_is_one_of_the_status_machine() -> None:
    reached = {"cancelled" if stage.startswith("cancelled") else stage for stage in trade.STAGES}
    # A return that waits leaves its order delivered, and so does a dispute; what has left in part is packed.
    waiting = {"return_asked_for", "disputed", "dispute_to_decide", "partly_shipped"}
    assert reached - waiting == {status.value for status in VendorOrderStatus}
