"""Everything that a product's page shows, read by one statement however many offers and reviews there are.

The statement is written by hand and answers with one JSON text: building and reading the same seven
queries by the ORM took half of the page's time. What is drawn depends on that text, on the language and
on the way through the categories alone, so the text also says whether a drawn page still holds (``pages``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from modeltranslation.utils import resolution_order

from forked_apps.catalogue.content import render_description
from forked_apps.catalogue.images import DetailImage, detail_images_of, image_urls_of
from forked_apps.catalogue.reviews.selectors import ReviewCard
from forked_apps.catalogue.tree import CategoryStep, ways_to
from forked_apps.catalogue.units import unit_label
from forked_apps.partner.availability import FEW_PIECES
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.partner.offers import OfferChoice, Quotes, rank_offers, to_choice
from forked_apps.shipping.days import ExpectedDays, expected_days
from forked_apps.shipping.models import ShippingRate
from forked_apps.shipping.offer_charges import quotes_by_offer
from forked_apps.shipping.services import ShippingQuote

SIMILAR = 6
#: Looked at on each side of the product; sold out ones are left out.
SIMILAR_CANDIDATES = 6
REVIEWS = 5
#: Oscar's ``AbstractProductReview.APPROVED``.
APPROVED = 1
#: What a person can put into the basket at once here.
MOST_AT_ONCE = 20


_LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of the table of attributes."""

    name: str
    text: str
    unit: str


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer with what its vendor says about delivery to where the customer wants it."""

    choice: OfferChoice
    #: Of one piece ordered alone and today; None where the vendor does not bring it there.
    expected: ExpectedDays | None
    charge_points: int | None

    @property
    def is_delivered(self) -> bool:
        return self.charge_points is not None

    @property
    def total_points(self) -> int:
        """One piece with its delivery."""
        return self.choice.price_points + (self.charge_points or 0)

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
class PageProduct:
    """Of the product itself, in the reader's language."""

    pk: int
    slug: str
    upc: str
    title: str
    rating: float | None
    brand: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    product: PageProduct
    url: str
    #: Code and name of where offers are compared for.
    governorate: str
    governorate_name: str
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


@dataclass(frozen=True, slots=True)
class ProductSource:
    """What the database says of a product, unread: ``product_page`` makes a page of it."""

    pk: int
    slug: str
    parent_id: int | None
    parent_slug: str | None
    is_public: bool
    category_ids: tuple[int, ...]
    #: Whether the person who looks has written a review.
    has_reviewed: bool
    #: Code of where the goods would go.
    governorate: str
    #: From which days are counted.
    today: date
    #: Everything else, as JSON.
    text: str

    @property
    def url(self) -> str:
        return _detail_url(self.slug, self.pk)

    @property
    def parent_url(self) -> str | None:
        """Where a variant's page is."""
        return _detail_url(self.parent_slug or "", self.parent_id) if self.parent_id else None


def _detail_url(slug: str, pk: int) -> str:
    return reverse("catalogue:detail", kwargs={"product_slug": slug, "pk": pk})


def _in_language(column: str, language: str) -> str:
    """SQL of a translated column: the reader's language, or the one that stands in for it."""
    codes = dict.fromkeys((language, *resolution_order(language), *_LANGUAGES))
    return "coalesce(" + ", ".join(f"nullif({column}_{code}, '')" for code in codes) + ", '')"


#: Types of attributes that a table can show; rich text, files and links to other rows are not among them.
_SHOWN_TYPES = ("text", "integer", "float", "boolean", "date", "datetime")
_VALUE = "CASE attribute.type {} END".format(
    " ".join(f"WHEN '{kind}' THEN to_json(value.value_{kind})" for kind in _SHOWN_TYPES)
    + " WHEN 'option' THEN to_json({option})"
)


@cache
def _statement(language: str) -> str:
    title = _in_language("product.title", language)
    value = _VALUE.format(option=_in_language("option.option", language))
    # Nothing but our own columns: what people send is passed as parameters.
    return f"""
WITH page AS (
    SELECT product.id, product.slug, product.parent_id, product.is_public, product.kind, product.upc,
           product.rating, product.shipping_weight_grams, {title} AS title,
           {_in_language("product.description", language)} AS description, brand.name AS brand
      FROM catalogue_product AS product LEFT JOIN catalogue_brand AS brand ON brand.id = product.brand_id
     WHERE product.id = %(product)s
), place AS (
    SELECT category.id FROM catalogue_productcategory AS link
      JOIN catalogue_category AS category ON category.id = link.category_id
     WHERE link.product_id = %(product)s AND category.is_public AND category.ancestors_are_public
     ORDER BY category.depth DESC, category.id LIMIT 1
), alike AS (
    SELECT product.id, product.slug, product.rating, product.title_ar, product.title_ckb, product.title_en,
           product.brand_id
      FROM catalogue_product AS product
      JOIN catalogue_productcategory AS link ON link.product_id = product.id
     WHERE link.category_id = (SELECT id FROM place) AND product.kind = (SELECT kind FROM page)
       AND product.is_public AND product.parent_id IS NULL
), near AS (
    (SELECT * FROM alike WHERE id > %(product)s ORDER BY id LIMIT {SIMILAR_CANDIDATES})
    UNION ALL
    (SELECT * FROM alike WHERE id < %(product)s ORDER BY id DESC LIMIT {SIMILAR_CANDIDATES})
), shown AS (
    SELECT %(product)s::bigint AS id UNION ALL SELECT id FROM near
), offer AS (
    SELECT record.id, record.product_id, record.partner_id, record.price, record.list_price,
           record.num_in_stock, record.num_allocated, record.handling_days,
           vendor.name, vendor.governorate, vendor.health_grade, coalesce(
               record.weight_grams,
               (SELECT shipping_weight_grams FROM catalogue_product WHERE id = record.product_id),
               0) AS grams
      FROM partner_stockrecord AS record JOIN partner_partner AS vendor ON vendor.id = record.partner_id
     WHERE record.product_id IN (SELECT id FROM shown) AND record.is_active AND record.price IS NOT NULL
       AND vendor.status = '{VendorStatus.APPROVED.value}' AND vendor.sales_stopped_at IS NULL
       AND (%(today)s BETWEEN vendor.holiday_from AND vendor.holiday_until) IS NOT TRUE
), review AS (
    SELECT id, title, body, score, name, user_id, date_created FROM reviews_productreview
     WHERE product_id = %(product)s AND status = {APPROVED}
)
SELECT page.id, page.slug, page.parent_id, parent.slug, page.is_public,
       ARRAY(SELECT category_id FROM catalogue_productcategory WHERE product_id = page.id ORDER BY 1),
       EXISTS (SELECT FROM reviews_productreview WHERE product_id = page.id AND user_id = %(user)s),
       json_build_object(
           'product', json_build_array(page.id, page.slug, page.upc, page.title, page.rating, page.brand),
           'description', page.description,
           'facts', (
               SELECT json_agg(json_build_array(
                          {_in_language("attribute.name", language)}, attribute.type, attribute.unit, {value}
                      ) ORDER BY attribute.position, attribute.code)
                 FROM catalogue_productattributevalue AS value
                 JOIN catalogue_productattribute AS attribute ON attribute.id = value.attribute_id
                 LEFT JOIN catalogue_attributeoption AS option ON option.id = value.value_option_id
                WHERE value.product_id = page.id),
           'images', (
               SELECT json_agg(json_build_array(image.product_id, image.original, image.caption)
                               ORDER BY image.display_order, image.id)
                 FROM catalogue_productimage AS image
                WHERE image.product_id IN (SELECT id FROM shown)),
           'offers', (
               SELECT json_agg(json_build_array(
                          id, product_id, partner_id, price::text, list_price::text, num_in_stock,
                          num_allocated, handling_days, name, governorate, health_grade, grams) ORDER BY id)
                 FROM offer),
           'rates', (
               SELECT json_agg(json_build_array(to_json(rate), (
                          SELECT json_agg(json_build_object('up_to', up_to_grams, 'points', charge_points)
                                          ORDER BY up_to_grams)
                            FROM shipping_shippingband AS band WHERE band.rate_id = rate.id)
                      ) ORDER BY rate.vendor_id)
                 FROM shipping_shippingrate AS rate
                WHERE rate.governorate = %(governorate)s
                  AND rate.vendor_id IN (SELECT partner_id FROM offer)),
           'reviews', (
               SELECT json_agg(json_build_array(
                          latest.title, latest.body, latest.score,
                          CASE WHEN latest.user_id IS NULL THEN latest.name ELSE person.first_name END,
                          latest.date_created) ORDER BY latest.date_created DESC, latest.id DESC)
                 FROM (SELECT * FROM review ORDER BY date_created DESC, id DESC LIMIT {REVIEWS}) AS latest
                 LEFT JOIN users_user AS person ON person.id = latest.user_id),
           'reviews_count', (SELECT count(*) FROM review),
           'near', (
               SELECT json_agg(json_build_array(product.id, product.slug, product.rating, {title}, brand.name)
                               ORDER BY abs(product.id - page.id), product.id DESC)
                 FROM near AS product LEFT JOIN catalogue_brand AS brand ON brand.id = product.brand_id)
       )::text
  FROM page LEFT JOIN catalogue_product AS parent ON parent.id = page.parent_id
"""  # noqa: S608


def find_product(*, pk: int, user_id: int | None, governorate: str) -> ProductSource | None:
    """A product with all that its page shows, public or not; one statement.

    ``governorate`` is where the customer would have it delivered.
    """
    today = timezone.localdate()
    facts = {"product": pk, "user": user_id, "governorate": governorate, "today": today}
    with connection.cursor() as cursor:
        cursor.execute(_statement(get_language() or settings.LANGUAGE_CODE), facts)
        row = cursor.fetchone()
    if row is None:
        return None
    pk, slug, parent_id, parent_slug, is_public, category_ids, has_reviewed, text = row
    return ProductSource(
        pk,
        slug,
        parent_id,
        parent_slug,
        is_public,
        tuple(category_ids),
        has_reviewed,
        governorate,
        today,
        text,
    )


def way_to(source: ProductSource) -> tuple[CategoryStep, ...]:
    """The way through the categories that the page shows; empty where it stands in no public one."""
    return next(iter(ways_to(source.category_ids)), ())


def product_page(*, source: ProductSource, way: Sequence[CategoryStep]) -> ProductPage:
    """The page of a product that ``find_product`` found."""
    facts = json.loads(source.text)
    pk, slug, upc, title, rating, brand = facts["product"]
    offers: dict[int, list[StockRecord]] = {}
    for *row, grams in facts["offers"] or ():
        offer = _offer(row)
        offer.packed_grams = grams
        offers.setdefault(offer.product_id, []).append(offer)
    images: dict[int, list[tuple[str, str]]] = {}
    for product_id, original, caption in facts["images"] or ():
        images.setdefault(product_id, []).append((original, caption))
    rates = {rate.vendor_id: rate for rate in (_rate(*row) for row in facts["rates"] or ())}
    quotes = quotes_by_offer((offer for found in offers.values() for offer in found), rates)
    rows = [
        _offer_row(offer, quotes.get(offer.pk), today=source.today)
        for offer in rank_offers(offers.get(source.pk, ()), quotes)
    ]
    return ProductPage(
        product=PageProduct(pk, slug, upc or "", title, rating, brand or ""),
        url=source.url,
        governorate=source.governorate,
        governorate_name=str(Governorate(source.governorate).label),
        crumbs=[*((step.name, step.url) for step in way), (title, "")],
        category=way[-1] if way else None,
        images=detail_images_of(images.get(source.pk, [])),
        buy_box=rows[0] if rows else None,
        other_offers=rows[1:],
        facts=[fact for row in facts["facts"] or () if (fact := _fact(*row)) is not None],
        description=render_description(facts["description"]),
        reviews=[_review(*row) for row in facts["reviews"] or ()],
        reviews_count=facts["reviews_count"],
        has_reviewed=source.has_reviewed,
        similar=_similar_cards(facts["near"] or (), offers, quotes, images),
    )


def _offer(row: Sequence[Any]) -> StockRecord:
    """An offer with its vendor, as the rule of the buy box wants them."""
    pk, product_id, partner_id, price, list_price, in_stock, allocated, handling_days, *vendor = row
    name, governorate, grade = vendor
    return StockRecord(
        id=pk,
        product_id=product_id,
        # One on holiday is not among them.
        partner=Partner(
            id=partner_id,
            name=name,
            governorate=governorate,
            status=VendorStatus.APPROVED,
            health_grade=grade,
        ),
        price=Decimal(price),
        list_price=Decimal(list_price) if list_price is not None else None,
        num_in_stock=in_stock,
        num_allocated=allocated,
        handling_days=handling_days,
    )


def _rate(row: Mapping[str, Any], bands: Sequence[Mapping[str, int]] | None) -> ShippingRate:
    """As ``shipping.services.rates_to`` gives it."""
    rate: Any = ShippingRate(**row)
    rate.band_pairs = bands or []
    return rate


def _offer_row(offer: StockRecord, quote: ShippingQuote | None, *, today: date) -> OfferRow:
    return OfferRow(
        choice=to_choice(offer),
        expected=expected_days(
            ordered_on=today,
            handling_days=offer.handling_days,
            days_min=quote.days_min,
            days_max=quote.days_max,
        )
        if quote
        else None,
        charge_points=quote.charge_points if quote else None,
    )


def _fact(name: str, kind: str, unit: str, value: Any) -> Fact | None:
    if value is None or value == "":
        return None
    if kind == "datetime":
        value = datetime.fromisoformat(value)
    return Fact(name=name, text=_fact_text(value, kind=kind), unit=unit_label(unit))


def _fact_text(value: Any, *, kind: str) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if kind == "float":
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _review(title: str, body: str, score: int, author: str, written_at: str) -> ReviewCard:
    return ReviewCard(
        title=title,
        body=body,
        score=score,
        author=author or gettext("A customer"),
        written_at=datetime.fromisoformat(written_at),
    )


def _similar_cards(
    near: Iterable[Sequence[Any]],
    offers: Mapping[int, Sequence[StockRecord]],
    quotes: Quotes,
    images: Mapping[int, list[tuple[str, str]]],
) -> list[SimilarCard]:
    """The nearest of the same kind that are to be had; lists put what belongs together side by side."""
    cards: list[SimilarCard] = []
    for pk, slug, rating, title, brand in near:
        choices = [
            choice
            for offer in rank_offers(offers.get(pk, ()), quotes)
            if (choice := to_choice(offer)).is_available
        ]
        if not choices:
            continue
        normal, double = image_urls_of(images.get(pk, []), "card")
        cards.append(
            SimilarCard(
                id=pk,
                url=_detail_url(slug, pk),
                title=title,
                image_url=normal,
                image_url_2x=double,
                price_points=choices[0].price_points,
                list_price_points=choices[0].list_price_points,
                vendor_name=choices[0].vendor_name,
                offers_count=len(choices),
                rating=rating,
                reviews_count=0,
                in_stock=True,
                brand=brand or "",
            )
        )
        if len(cards) == SIMILAR:
            break
    return cards
