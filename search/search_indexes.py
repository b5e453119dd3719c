"""What is known of a product to whoever searches: prepared for many products at once."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum, prefetch_related_objects
from django.utils import timezone
from django.utils.html import strip_tags

# The module, not its class: Haystack would take an imported index for a second one.
from haystack import indexes
from haystack.constants import DJANGO_CT, DJANGO_ID, ID
from oscar.core.loading import get_model

from forked_apps.catalogue.images import card_images
from forked_apps.partner.governorates import default_governorate
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import available_pieces, offers_on_sale, rank_offers
from forked_apps.shipping.offer_charges import quote_offers
from search import directory as shop_directory
from search.analysis.letters import fold_text, words
from search.analysis.sorani import join_sorani
from search.cards import pack_card
from search.directory import LANGUAGES, NUMBER_TYPES, Directory, in_every_language
from search.fields import (
    AnalysedField,
    HalvingField,
    KeyedField,
    KeyedNumbersField,
    KeywordsField,
    RangedField,
    SortKeyField,
    StoredField,
    WeightField,
)

#: Thresholds of the facets "and up": a product counts under each that it reaches.
RATING_STEPS = (4, 3, 2, 1)
DISCOUNT_STEPS = (50, 30, 20, 10)
#: What counts for "best selling".
SALES_DAYS = 90
#: Attribute types that have a column of their own and are facets or searched for.
PLAIN_TYPES = ("text", "integer", "float", "boolean")
#: The document's id in a sort key's lowest bits, so that no two are equal: room for 16 million products.
ID_BITS = 24
#: A product that cannot be bought now stands lower than an equal one that can.
OUT_OF_STOCK_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of one attribute; ``options`` where it was chosen from a list."""

    code: str
    type: str
    is_facet: bool
    plain: str | int | float | bool | None
    options: tuple[tuple[int, Mapping[str, str]], ...] = ()


@dataclass(slots=True)
class _Related:
    """Everything beside the products' own rows, by product."""

    offers: dict[int, list[StockRecord]]
    categories: dict[int, list[int]]
    values: dict[int, list[_Value]]
    reviews: dict[int, int]
    #: Pieces sold lately.
    sales: dict[int, int]
    shop: Directory


class ProductIndex(indexes.SearchIndex, indexes.Indexable):
    #: Raise it when documents are made in another way from the same fields: the index is rebuilt.
    version = 4

    text = AnalysedField(document=True, boost=1.5)
    title_ar = AnalysedField(language="ar", boost=4.0, within="body_ar")
    title_ckb = AnalysedField(language="ckb", boost=4.0, within="body_ckb")
    title_en = AnalysedField(language="en", boost=4.0, within="body_en")
    body_ar = AnalysedField(language="ar")
    body_ckb = AnalysedField(language="ckb")
    body_en = AnalysedField(language="en")
    #: Brand and titles as they sound, for names in another script.
    sounds = AnalysedField(language="sound", boost=0.7)

    #: SKUs and barcodes, as ``known_code`` writes them.
    codes = KeywordsField()
    #: Whole words of titles and brand, for suggestions and spelling.
    words = KeywordsField()
    #: Ids of the product's categories and all above them.
    category = KeywordsField(in_sets=True)
    brand = KeywordsField(in_sets=True)
    #: Ids of all vendors that sell it now.
    vendor = KeywordsField(in_sets=True)
    product_class = KeywordsField()
    price = RangedField(null=True, stored=False)
    discount = indexes.IntegerField(null=True, stored=False)
    discount_from = KeywordsField(in_sets="reached")
    in_stock = HalvingField(stored=False)
    rating = indexes.FloatField(null=True, stored=False)
    rating_from = KeywordsField(in_sets="reached")
    reviews_count = indexes.IntegerField(stored=False)
    arrived = indexes.DateTimeField(stored=False)
    #: Days since 1970, for "new in the last week".
    arrived_on = indexes.IntegerField(stored=False)
    attributes = KeyedField(null=True)
    numbers = KeyedNumbersField(null=True)

    by_featured = SortKeyField()
    by_price = SortKeyField()
    by_arrival = SortKeyField()
    by_rating = SortKeyField()
    by_discount = SortKeyField()
    by_sales = SortKeyField()
    weight = WeightField(by_half=True)

    card = StoredField()
    #: Of everything else here, by which a check tells whether the document is as the database has it.
    checksum = StoredField()

    def get_model(self) -> Any:
        return get_model("catalogue", "Product")

    def index_queryset(self, using: str | None = None) -> QuerySet[Any]:
        return self.get_model().objects.browsable().select_related("product_class", "brand")

    def get_updated_field(self) -> str:
        return "date_updated"

    def prepare(self, obj: Any) -> dict[str, Any]:
        (self.prepared_data,) = self.full_prepare_many([obj])
        return self.prepared_data

    def full_prepare(self, obj: Any, with_string_facet: bool = True) -> dict[str, Any]:
        return self.prepare(obj)

    def full_prepare_many(self, products: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """Documents of many products in a number of queries that doesn't depend on how many."""
        if not products:
            return
        related = _related_to(products)
        for product in products:
            document = _document(product, related)
            yield {
                ID: f"catalogue.product.{product.pk}",
                DJANGO_CT: "catalogue.product",
                DJANGO_ID: str(product.pk),
                **document,
                "checksum": _checksum(document),
            }


def _related_to(products: Sequence[Any]) -> _Related:
    ids = [product.pk for product in products]
    prefetch_related_objects(products, "images")
    children = (
        get_model("catalogue", "Product").objects.filter(parent_id__in=ids).values_list("pk", "parent_id")
    )
    parent_of = dict(children) if any(product.is_parent for product in products) else {}
    offers: dict[int, list[StockRecord]] = defaultdict(list)
    on_sale = list(offers_on_sale().filter(product_id__in=[*ids, *parent_of]))
    # A document is everyone's, so the default governorate's delivery decides here.
    quotes = quote_offers(on_sale, governorate=default_governorate())
    for offer in on_sale:
        offers[parent_of.get(offer.product_id, offer.product_id)].append(offer)
    categories: dict[int, list[int]] = defaultdict(list)
    links = get_model("catalogue", "ProductCategory").objects.filter(product_id__in=ids)
    for product_id, category_id in links.order_by("pk").values_list("product_id", "category_id"):
        categories[product_id].append(category_id)
    review = get_model("reviews", "ProductReview")
    reviews = (
        review.objects.filter(product_id__in=ids, status=review.APPROVED)
        .order_by()
        .values_list("product_id")
        .annotate(count=Count("pk"))
    )
    return _Related(
        offers={product_id: rank_offers(found, quotes) for product_id, found in offers.items()},
        categories=categories,
        values=_values_of(ids, parent_of),
        reviews=dict(reviews),
        sales=_sales_of(ids, parent_of),
        shop=shop_directory.current(),
    )


def _sales_of(product_ids: Sequence[int], parent_of: Mapping[int, int]) -> dict[int, int]:
    since = timezone.now() - timedelta(days=SALES_DAYS)
    rows = (
        get_model("order", "Line")
        .objects.filter(product_id__in=[*product_ids, *parent_of], order__date_placed__gte=since)
        .order_by()
        .values_list("product_id")
        .annotate(pieces=Sum("quantity"))
    )
    sold: Counter[int] = Counter()
    for product_id, pieces in rows:
        sold[parent_of.get(product_id, product_id)] += pieces
    return sold


def _values_of(product_ids: Sequence[int], parent_of: Mapping[int, int]) -> dict[int, list[_Value]]:
    """Attribute values, as rows: there are many times more of them than products."""
    rows = (
        get_model("catalogue", "ProductAttributeValue")
        .objects.filter(product_id__in=[*product_ids, *parent_of])
        .order_by("pk")
        .values(
            "pk", "product_id", "attribute_id", "value_option_id", *(f"value_{kind}" for kind in PLAIN_TYPES)
        )
    )
    rows = list(rows)
    attributes = {
        row["pk"]: row
        for row in get_model("catalogue", "ProductAttribute")
        .objects.filter(pk__in={row["attribute_id"] for row in rows})
        .values("pk", "code", "type", "is_facet")
    }
    chosen = _chosen_options(
        [row["pk"] for row in rows if attributes[row["attribute_id"]]["type"] == "multi_option"]
    )
    for row in rows:
        if row["value_option_id"]:
            chosen[row["pk"]].append(row["value_option_id"])
    texts = _option_texts({option for options in chosen.values() for option in options})
    found: dict[int, list[_Value]] = defaultdict(list)
    for row in rows:
        attribute = attributes[row["attribute_id"]]
        kind = attribute["type"]
        found[parent_of.get(row["product_id"], row["product_id"])].append(
            _Value(
                code=attribute["code"],
                type=kind,
                is_facet=attribute["is_facet"],
                plain=row[f"value_{kind}"] if kind in PLAIN_TYPES else None,
                options=tuple(
                    (option, texts[option]) for option in chosen.get(row["pk"], ()) if option in texts
                ),
            )
        )
    return found


def _chosen_options(value_ids: Sequence[int]) -> dict[int, list[int]]:
    chosen: dict[int, list[int]] = defaultdict(list)
    if value_ids:
        through = get_model("catalogue", "ProductAttributeValue").value_multi_option.through
        pairs = through.objects.filter(productattributevalue_id__in=value_ids).order_by("pk")
        for value_id, option_id in pairs.values_list("productattributevalue_id", "attributeoption_id"):
            chosen[value_id].append(option_id)
    return chosen


def _option_texts(option_ids: set[int]) -> dict[int, dict[str, str]]:
    if not option_ids:
        return {}
    rows = get_model("catalogue", "AttributeOption").objects.filter(pk__in=option_ids)
    columns = [f"option_{language}" for language in LANGUAGES]
    return {row["pk"]: {name[7:]: row[name] or "" for name in columns} for row in rows.values("pk", *columns)}


def _document(product: Any, related: _Related) -> dict[str, Any]:
    offers = related.offers.get(product.pk, [])
    best = offers[0] if offers else None
    price = best.price_points if best else None
    list_price = best.list_price_points if best else None
    discount = (list_price - price) * 100 // list_price if list_price and price is not None else None
    in_stock = best is not None and available_pieces(best) > 0
    reviews_count = related.reviews.get(product.pk, 0)
    brand = product.brand.name if product.brand else ""
    image_url, image_url_2x = card_images(product)
    nodes = _categories(related.categories.get(product.pk, ()), related.shop)
    properties = _properties(related.values.get(product.pk, ()))
    titles = {language: getattr(product, f"title_{language}") or "" for language in LANGUAGES}
    return {
        **_texts(product, titles, nodes, properties, brand=brand, offers=offers),
        "codes": [known_code(code) for code in _codes(product, offers)],
        "category": [str(node.pk) for node in nodes],
        "brand": [brand] if brand else [],
        "vendor": [str(offer.partner_id) for offer in offers],
        "product_class": [str(product.product_class_id)] if product.product_class_id else [],
        "price": price,
        "discount": discount,
        "discount_from": [str(step) for step in DISCOUNT_STEPS if discount is not None and discount >= step],
        "in_stock": in_stock,
        "rating": product.rating,
        "rating_from": [str(step) for step in RATING_STEPS if (product.rating or 0) >= step],
        "reviews_count": reviews_count,
        "arrived": product.date_created,
        "arrived_on": day_number(product.date_created),
        "words": surface_words([brand, *titles.values()]),
        "attributes": properties.exact,
        "numbers": properties.numbers,
        **_sort_keys(
            product.pk,
            price=price,
            discount=discount,
            in_stock=in_stock,
            rating=product.rating,
            reviews_count=reviews_count,
            arrived=product.date_created,
            sold=related.sales.get(product.pk, 0),
        ),
        "weight": 1.0 if in_stock else OUT_OF_STOCK_WEIGHT,
        "card": pack_card(
            product_id=product.pk,
            titles=in_every_language(titles),
            url=product.get_absolute_url(),
            image_url=image_url,
            image_url_2x=image_url_2x,
            price_points=price,
            list_price_points=list_price,
            vendor_name=best.partner.name if best else "",
            offers_count=len(offers),
            rating=product.rating,
            reviews_count=reviews_count,
            in_stock=in_stock,
            brand=brand,
        ),
    }


def _checksum(document: Mapping[str, Any]) -> str:
    # What was sold lately changes by itself, as days pass.
    told = {name: value for name, value in document.items() if name != "by_sales"}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _categories(ids: Iterable[int], shop: Directory) -> list[shop_directory.CategoryNode]:
    found: dict[int, shop_directory.CategoryNode] = {}
    for pk in ids:
        if pk in shop.categories:
            found |= {node.pk: node for node in shop.categories[pk].with_ancestors()}
    return list(found.values())


@dataclass(slots=True)
class _Properties:
    exact: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[float]] = field(default_factory=dict)
    #: Words of all attributes, facets or not: plain ones, and options by language.
    words: list[str] = field(default_factory=list)
    words_in: dict[str, list[str]] = field(default_factory=lambda: {language: [] for language in LANGUAGES})


def _properties(values: Iterable[_Value]) -> _Properties:
    found = _Properties()
    for value in values:
        for _, texts in value.options:
            for language in LANGUAGES:
                found.words_in[language].append(texts[language])
        if isinstance(value.plain, str):
            found.words.append(value.plain)
        if not value.is_facet:
            continue
        if value.options:
            found.exact.setdefault(value.code, []).extend(str(pk) for pk, _ in value.options)
        elif value.plain is None or value.plain == "":
            continue
        elif value.type in NUMBER_TYPES:
            found.numbers.setdefault(value.code, []).append(float(value.plain))
        else:
            # Booleans are integers to Python.
            text = (
                ("true" if value.plain else "false") if value.type == "boolean" else str(value.plain).strip()
            )
            found.exact.setdefault(value.code, []).append(text)
    return found


def _codes(product: Any, offers: Iterable[StockRecord]) -> list[str]:
    return [code for code in (product.upc, *(offer.partner_sku for offer in offers)) if code]


def known_code(text: str) -> str:
    """A SKU or barcode however it is typed: letters folded, without spaces and hyphens."""
    return "".join(character for character in fold_text(text) if character.isalnum())


def day_number(moment: datetime) -> int:
    return int(moment.timestamp()) // 86_400


def surface_words(texts: Iterable[str]) -> list[str]:
    """Words as people see and type them, with letters folded; Arabic ones without their article too."""
    found: dict[str, None] = {}
    for text in texts:
        for word in words(fold_text(join_sorani(text))):
            if len(word) > 1 or not word.isascii():
                found[word] = None
            if word.startswith("ال") and len(word) > 4:
                found[word[2:]] = None
    return list(found)


def _texts(
    product: Any,
    titles: dict[str, str],
    nodes: Iterable[shop_directory.CategoryNode],
    properties: _Properties,
    *,
    brand: str,
    offers: Iterable[StockRecord],
) -> dict[str, str]:
    texts = {"text": " \n ".join([brand, *_codes(product, offers), *properties.words])}
    for language in LANGUAGES:
        description = getattr(product, f"description_{language}") or ""
        names = [node.names.get(language, "") for node in nodes]
        body = [
            titles[language],
            *names,
            *properties.words_in[language],
            strip_tags(description.replace("<", " <")),
        ]
        texts[f"title_{language}"] = titles[language]
        texts[f"body_{language}"] = " \n ".join(part for part in body if part)
    texts["sounds"] = " \n ".join([brand, *dict.fromkeys(titles.values())])
    return texts


def _sort_keys(
    product_id: int,
    *,
    price: int | None,
    discount: int | None,
    in_stock: bool,
    rating: float | None,
    reviews_count: int,
    arrived: datetime,
    sold: int,
) -> dict[str, int | None]:
    """Each order as one whole number, for engines that sort by one."""
    some_reviews = min(reviews_count, 0xFFF)
    shuffled = zlib.crc32(str(product_id).encode()) & 0xFFFFFF
    tie = _mixed(product_id)
    # A rating by one person says less than the same by many: three neutral votes are added.
    steady = int(((rating or 3.5) * reviews_count + 3.5 * 3) / (reviews_count + 3) * 100)
    return {
        "by_featured": (in_stock << 60)
        | ((discount or 0) >= 10) << 59
        | (steady << 44)
        | (shuffled << 20)
        | (product_id & 0xFFFFF),
        "by_price": None if price is None else (min(price, 2**38) << ID_BITS) | tie,
        "by_arrival": (int(arrived.timestamp()) << ID_BITS) | tie,
        # What has none stands behind all others, and is mixed there too.
        "by_rating": (int((rating or 0) * 100) << (ID_BITS + 12)) | (some_reviews << ID_BITS) | tie,
        "by_sales": (min(sold, 2**30) << (ID_BITS + 8)) | (in_stock << (ID_BITS + 7)) | tie,
        "by_discount": (max(discount or 0, 0) << ID_BITS) | tie,
    }


def _mixed(product_id: int) -> int:
    """The id's lowest bits in an order that looks like none: what one import brought does not stand together.

    Multiplying by an odd number maps no two ids to one.
    """
    return product_id * 0x9E3779B1 & ((1 << ID_BITS) - 1)
