"""What the marketplace takes off at the basket: offers of Oscar's, as its back office makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.text import slugify
from oscar.apps.offer.models import Benefit, Condition
from oscar.apps.voucher.models import Voucher

from forked_apps.catalogue.models import Category
from forked_apps.offer.models import Bearer, ConditionalOffer, Range
from marketplace.demo.guard import require_demo

CODE_DAYS = 90


@dataclass(frozen=True, slots=True)
class DemoOffer:
    category: str
    name: str
    description: str
    #: A type of Oscar's, and its percent or points.
    benefit: tuple[str, int]
    #: From so many pieces on.
    pieces: int = 1
    borne_by: Bearer = Bearer.MARKETPLACE
    #: Who enters it has the offer, once; without one everybody has it.
    code: str = ""


OFFERS = (
    DemoOffer(
        "Chairs", "أسبوع الكراسي: خصم ١٠٪", "كل الكراسي، من كل المتاجر، بخصم ١٠٪ عند الدفع.",
        (Benefit.PERCENTAGE, 10),
    ),
    DemoOffer(
        "Bookcases & shelving units", "رفّان أو أكثر: خصم ٢٠٬٠٠٠ نقطة", "اشترِ قطعتين من المكتبات والرفوف في طلب واحد.",
        (Benefit.FIXED, 20_000), pieces=2, borne_by=Bearer.VENDOR,
    ),
    DemoOffer(
        "", "أهلاً بك: خصم ٥٪ برمز", "أدخل الرمز AHLAN في سلتك.", (Benefit.PERCENTAGE, 5), code="AHLAN",
    ),
)  # fmt: skip


def discounts_exist() -> bool:
    return ConditionalOffer.objects.filter(name__in=[offer.name for offer in OFFERS]).count() == len(OFFERS)


def load_discounts() -> str:
    """A percentage on one category, borne by the marketplace; points off two pieces of another, by sellers."""
    require_demo()
    for offer in OFFERS:
        if not ConditionalOffer.objects.filter(name=offer.name).exists():
            _make(offer)
    return f"{len(OFFERS)} offers"


def _make(offer: DemoOffer) -> None:
    kind, value = offer.benefit
    goods, _ = Range.objects.get_or_create(
        name=offer.name, defaults={"slug": slugify(offer.category or offer.code)}
    )
    goods.includes_all_products = not offer.category
    goods.save()
    goods.included_categories.set(Category.objects.filter(name_en=offer.category))
    made = ConditionalOffer.objects.create(
        name=offer.name,
        description=offer.description,
        offer_type=ConditionalOffer.VOUCHER if offer.code else ConditionalOffer.SITE,
        borne_by=offer.borne_by,
        # A code adds to what everybody has, and takes nothing of it away.
        priority=0 if offer.code else 1,
        condition=Condition.objects.create(range=goods, type=Condition.COUNT, value=offer.pieces),
        benefit=Benefit.objects.create(range=goods, type=kind, value=Decimal(value)),
    )
    if offer.code:
        now = timezone.now()
        voucher = Voucher.objects.create(
            name=offer.name,
            code=offer.code,
            usage=Voucher.ONCE_PER_CUSTOMER,
            start_datetime=now,
            end_datetime=now + timedelta(days=CODE_DAYS),
        )
        voucher.offers.add(made)
