"""Everything that a product's page shows, in seven queries however many offers and reviews there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, Max, Min, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from modeltranslation.utils import resolution_order
from oscar.core.loading import get_model

from forked_apps.catalogue.content import render_description
from forked_apps.catalogue.images import DetailImage, detail_images_of, image_urls_of
from forked_apps.catalogue.models import Product, ProductAttributeValue, ProductCategory, ProductImage
from forked_apps.catalogue.reviews.selectors import ReviewCard, to_review_card
from forked_apps.catalogue.tree import CategoryStep, ways_to
from forked_apps.catalogue.units import unit_label
from forked_apps.partner.availability import FEW_PIECES
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import OfferChoice, ranked_offers, to_choice
from forked_apps.shipping.models import ShippingRate

SIMILAR = 6
#: Looked at on each side of the product; sold out ones are left out.
SIMILAR_CANDIDATES = 6
REVIEWS = 5
#: What a person can put into the basket at once here.
MOST_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the table of attributes."""

    name: str
    text: str
    unit: str


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer with what its vendor says about delivery."""

    choice: OfferChoice
    #: From handing over to arriving, handling included; None where the vendor delivers nowhere yet.
    days_min: int | None
    days_max: int | None
    charge_from_points: int | None

    @property
    def few_left(self) -> bool:
        return 0 < self.choice.available <= FEW_PIECES

    @property
    def most_at_once(self) -> int:
        return min(self.choice.available, MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class SimilarCard:
    """As ``components/product_card.html`` wants it."""

    id: int
    url: str
    title: str
    image_url: str
    image_url_2x: str
    price_points: int
    list_price_points: int | None
    vendor_name: str
    offers_count: int
    rating: float | None
    reviews_count: int
    in_stock: bool
    brand: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    product: Product
    crumbs: Sequence[tuple[str, str]]
    category: CategoryStep | None
    images: Sequence[DetailImage]
    buy_box: OfferRow | None
    other_offers: Sequence[OfferRow]
    facts: Sequence[Fact]
    description: SafeString
    reviews: Sequence[ReviewCard]
    reviews_count: int
    has_reviewed: bool
    similar: Sequence[SimilarCard]


_LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
_PAGE_COLUMNS = (
    "slug", "upc", "kind", "rating", "structure", "is_public", "parent", "title", "description",
    *(f"{name}_{language}" for name in ("title", "description") for language in _LANGUAGES),
)  # fmt: skip


def page_products(*, user_id: int | None) -> Any:
    """Products with what their page needs from other tables as numbers and ids."""
    reviews = get_model("reviews", "ProductReview").objects.filter(product=OuterRef("pk"))
    counted = reviews.approved().order_by().values("product").annotate(count=Count("pk")).values("count")
    products = Product.objects.select_related("brand").only(*_PAGE_COLUMNS, "brand__name")
    return products.annotate(
        category_ids=ArraySubquery(
            ProductCategory.objects.filter(product=OuterRef("pk")).values("category_id")
        ),
        reviews_count=Coalesce(Subquery(counted), 0),
        has_reviewed=Exists(reviews.filter(user_id=user_id)) if user_id else Value(False),
    )


def product_page(*, product: Any) -> ProductPage:
    """The page of a product that ``page_products`` found."""
    ways = ways_to(product.category_ids)
    way = ways[0] if ways else ()
    candidates = _similar_candidates(product, way[-1].pk) if way else []
    ids = [product.pk, *(candidate["pk"] for candidate in candidates)]
    offers = ranked_offers(ids)
    images = _image_names(ids)
    rows = _offer_rows(offers.get(product.pk, []))
    return ProductPage(
        product=product,
        crumbs=[*((step.name, step.url) for step in way), (product.get_title(), "")],
        category=way[-1] if way else None,
        images=detail_images_of(images.get(product.pk, [])),
        buy_box=rows[0] if rows else None,
        other_offers=rows[1:],
        facts=_facts(product),
        description=render_description(product.description or ""),
        reviews=[to_review_card(review) for review in _reviews(product)],
        reviews_count=product.reviews_count,
        has_reviewed=product.has_reviewed,
        similar=_similar_cards(candidates, offers, images),
    )


def _offer_rows(offers: Sequence[StockRecord]) -> list[OfferRow]:
    if not offers:
        return []
    rates = {
        rate["vendor"]: rate
        for rate in ShippingRate.objects.filter(vendor_id__in=[offer.partner_id for offer in offers])
        .values("vendor")
        .annotate(soonest=Min("days_min"), latest=Max("days_max"), cheapest=Min("charge_points"))
    }
    return [_offer_row(offer, rates.get(offer.partner_id)) for offer in offers]  # type: ignore[arg-type]


def _offer_row(offer: StockRecord, rate: Mapping[str, int] | None) -> OfferRow:
    return OfferRow(
        choice=to_choice(offer),
        days_min=offer.handling_days + rate["soonest"] if rate else None,
        days_max=offer.handling_days + rate["latest"] if rate else None,
        charge_from_points=rate["cheapest"] if rate else None,
    )


def _image_names(product_ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    names: dict[int, list[tuple[str, str]]] = {}
    rows = ProductImage.objects.filter(product_id__in=product_ids).order_by("display_order", "pk")
    for product_id, original, caption in rows.values_list("product_id", "original", "caption"):
        names.setdefault(product_id, []).append((original, caption))
    return names


#: Types of attributes that a table can show; rich text, files and links to other rows are not among them.
_VALUE_COLUMNS = {
    name: f"value_{name}" for name in ("text", "integer", "float", "boolean", "date", "datetime")
}
_FACT_COLUMNS = (
    "attribute__type",
    "attribute__unit",
    *_VALUE_COLUMNS.values(),
    *(f"attribute__name_{language}" for language in _LANGUAGES),
    *(f"value_option__option_{language}" for language in _LANGUAGES),
)


def _facts(product: Product) -> list[Fact]:
    rows = (
        ProductAttributeValue.objects.filter(product_id=product.pk)
        .order_by("attribute__position", "attribute__code")
        .values(*_FACT_COLUMNS)
    )
    return [fact for row in rows if (fact := _fact(row)) is not None]


def _fact(row: Mapping[str, Any]) -> Fact | None:
    kind = row["attribute__type"]
    if kind == "option":
        value: Any = in_language(row, "value_option__option")
    else:
        value = row[_VALUE_COLUMNS[kind]] if kind in _VALUE_COLUMNS else None
    if value is None or value == "":
        return None
    return Fact(
        name=in_language(row, "attribute__name"),
        text=_fact_text(value),
        unit=unit_label(row["attribute__unit"]),
    )


def _fact_text(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, float):
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


def in_language(row: Mapping[str, Any], column: str) -> str:
    """A translated column of ``values()`` in the reader's language, or the one that stands in for it."""
    language = get_language() or settings.LANGUAGE_CODE
    for code in (language, *resolution_order(language)):
        if found := row.get(f"{column}_{code}"):
            return str(found)
    return ""


def _reviews(product: Product) -> Any:
    approved = get_model("reviews", "ProductReview").objects.approved().filter(product_id=product.pk)
    return (
        approved.select_related("user")
        .only("title", "body", "score", "name", "date_created", "user__first_name")
        .order_by("-date_created", "-pk")[:REVIEWS]
    )


def _similar_candidates(product: Product, category_id: int) -> list[dict[str, Any]]:
    """The nearest of the same kind in the same category; lists put what belongs together side by side."""
    alike = Product.objects.filter(
        productcategory__category_id=category_id, kind=product.kind, is_public=True, parent=None
    ).values("pk", "slug", "rating", "brand__name", *(f"title_{language}" for language in _LANGUAGES))
    after = alike.filter(pk__gt=product.pk).order_by("pk")[:SIMILAR_CANDIDATES]
    before = alike.filter(pk__lt=product.pk).order_by("-pk")[:SIMILAR_CANDIDATES]
    return sorted(after.union(before), key=lambda row: abs(row["pk"] - product.pk))


def _similar_cards(
    candidates: Iterable[Mapping[str, Any]],
    offers: Mapping[int, Sequence[StockRecord]],
    images: Mapping[int, list[tuple[str, str]]],
) -> list[SimilarCard]:
    cards: list[SimilarCard] = []
    for row in candidates:
        choices = [choice for offer in offers.get(row["pk"], ()) if (choice := to_choice(offer)).is_available]
        if choices:
            cards.append(_similar_card(row, choices, images.get(row["pk"], [])))
        if len(cards) == SIMILAR:
            break
    return cards


def _similar_card(
    row: Mapping[str, Any], choices: Sequence[OfferChoice], images: Sequence[tuple[str, str]]
) -> SimilarCard:
    normal, double = image_urls_of(images, "card")
    return SimilarCard(
        id=row["pk"],
        url=reverse("catalogue:detail", kwargs={"product_slug": row["slug"], "pk": row["pk"]}),
        title=in_language(row, "title"),
        image_url=normal,
        image_url_2x=double,
        price_points=choices[0].price_points,
        list_price_points=choices[0].list_price_points,
        vendor_name=choices[0].vendor_name,
        offers_count=len(choices),
        rating=row["rating"],
        reviews_count=0,
        in_stock=True,
        brand=row["brand__name"] or "",
    )
