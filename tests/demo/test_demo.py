"""The demo: everything by the real services, again without a trace, and nowhere but in a demo."""

from __future__ import annotations

import io
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Count
from oscar.apps.catalogue.reviews.models import ProductReview

from forked_apps.catalogue.models import Product
from forked_apps.order.models import Order, VendorOrder, VendorOrderStatus
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.partner.offers import ranked_offers
from marketplace.demo import loader, money, people, pictures, summary, trade, vendors
from marketplace.env import SettingsError
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.proof import prove
from points_payment.services.attempts import Attempt
from points_payment.services.redemption import redeem_card

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
    assert prove() == []
    _check_that_again_changes_nothing()
    _check_codes()
    assert prove() == []


def _check_vendors_and_offers() -> None:
    assert Counter(Partner.objects.values_list("status", flat=True)) == {
        VendorStatus.APPROVED: 8, VendorStatus.APPLIED: 1, VendorStatus.SUSPENDED: 1,
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
