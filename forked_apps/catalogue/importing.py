"""Lists of goods (CSV) become products, categories, brands and typed attributes.

A list has the columns ``sku``, ``title``, ``brand``, ``category`` (a path, "Home > Beds"),
``price_iqd``, and maybe ``list_price_iqd`` and ``in_stock``. Every other column is an attribute of
the product class: by a declared plan where one knows the list, otherwise by what the column holds.

Reading (``read_catalogue``) checks every row and keeps the bad ones with number and reason; writing
(``import_products``, ``import_offers``) works in sets, and again over what is there: a product is
known by its SKU, so a second run updates and duplicates nothing.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection, transaction
from django.utils import timezone, translation
from oscar.core.utils import slugify

from forked_apps.catalogue.content import sanitise
from forked_apps.catalogue.import_plans import (
    CATEGORY_NAMES,
    COMMON_NAMES,
    PLANS,
    AttributeType,
    Column,
    ImportPlan,
)
from forked_apps.catalogue.kinds import drawing_for
from forked_apps.catalogue.models import (
    AttributeOption,
    AttributeOptionGroup,
    Brand,
    Category,
    Product,
    ProductAttribute,
    ProductAttributeValue,
    ProductCategory,
    ProductClass,
)
from forked_apps.catalogue.units import UNIT_OF_SUFFIX
from forked_apps.catalogue.weights import shipping_weight_of
from forked_apps.catalogue.wording import Names
from forked_apps.partner.models import Partner, StockRecord
from marketplace.outbox.services import enqueue

#: Columns that are no attributes.
REQUIRED_COLUMNS = ("sku", "title", "brand", "category", "price_iqd")
OPTIONAL_COLUMNS = ("list_price_iqd", "in_stock", "description")
#: What ``DecimalField(12, 2)`` of a price holds.
MAX_POINTS = 9_999_999_999
MAX_INTEGER = 2_147_483_647
#: Pieces of an offer whose list only says that there are some.
PIECES_IN_STOCK = 20
#: Of a column's values, what share must be of a type for the column to be of it; others are bad rows.
TYPE_SHARE = 0.95
MOST_FACET_VALUES = 60
BATCH = 2_000

_EMPTY = {"", "-", "—", "n/a", "na", "none", "null", "nan"}
_TRUE = {"yes", "true", "y", "1", "نعم", "بەڵێ"}
_FALSE = {"no", "false", "n", "0", "لا", "نەخێر"}
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")


class UnreadableCatalogue(Exception):
    """The file as a whole cannot be imported; the message says why."""


class _BadRow(Exception):
    """One row cannot be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class BadRow:
    #: Number of the line in the file where the row ends; the header is line 1.
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One good row. Prices are whole points."""

    sku: str
    titles: Names
    brand: str
    category: tuple[str, ...]
    price_points: int
    list_price_points: int | None
    pieces: int
    description: str
    #: By the attribute's code; only those that the row gives.
    attributes: Mapping[str, str | int | float | bool]
    #: What the list itself wrote, for the drawing.
    raw: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ParsedCatalogue:
    plan: ImportPlan
    rows: Sequence[CatalogueRow]
    bad_rows: Sequence[BadRow]


@dataclass(slots=True)
class ImportReport:
    created: int = 0
    updated: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)
    #: Product by SKU.
    product_ids: dict[str, int] = field(default_factory=dict)


# Reading ------------------------------------------------------------------------------------


def read_catalogue(content: bytes, *, plan: ImportPlan | None = None) -> ParsedCatalogue:
    """Check a list row by row.

    Raises:
        UnreadableCatalogue: the file is no CSV of this kind at all.
    """
    numbered = _rows(_text(content))
    header = list(numbered[0][1])
    if missing := [column for column in REQUIRED_COLUMNS if column not in header]:
        raise UnreadableCatalogue(f"The list has no column {', '.join(missing)}.")
    if repeated := [column for column, times in Counter(header).items() if times > 1]:
        raise UnreadableCatalogue(f"The list has the column {', '.join(repeated)} more than once.")
    bad: list[BadRow] = []
    candidates: list[tuple[int, dict[str, str]]] = []
    for number, cells in numbered[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            bad.append(BadRow(number, f"The row has {len(cells)} cells, the header {len(header)}."))
            continue
        candidates.append((number, dict(zip(header, (_clean(cell) for cell in cells), strict=True))))
    plan = plan or _known_plan(header) or infer_plan(header, [row for _, row in candidates])
    plan = _as_stored(plan)
    counts_pieces = _counts_pieces(row.get("in_stock", "") for _, row in candidates)
    rows: list[CatalogueRow] = []
    seen: dict[str, int] = {}
    for number, raw in candidates:
        try:
            row = _read_row(raw, plan, counts_pieces=counts_pieces)
            if row.sku in seen:
                raise _BadRow(f"The SKU {row.sku} stands in line {seen[row.sku]} already.")
        except _BadRow as error:
            bad.append(BadRow(number, str(error)))
            continue
        seen[row.sku] = number
        rows.append(row)
    return ParsedCatalogue(plan=plan, rows=rows, bad_rows=sorted(bad, key=lambda row: row.number))


def _text(content: bytes) -> str:
    # Spreadsheets in this region save UTF-8 with a mark, or the Arabic code page.
    for encoding in ("utf-8-sig", "cp1256"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableCatalogue("The file is neither UTF-8 nor Windows-1256 text.")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise UnreadableCatalogue(f"Line {reader.line_num} cannot be read: {error}.") from error
    if not rows:
        raise UnreadableCatalogue("The file is empty.")
    rows[0] = (1, [cell.strip().lower() for cell in rows[0][1]])
    return rows


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()


def _known_plan(header: Iterable[str]) -> ImportPlan | None:
    columns = set(header)
    return next((plan for plan in PLANS if plan.known_by <= columns), None)


def _read_row(raw: Mapping[str, str], plan: ImportPlan, *, counts_pieces: bool) -> CatalogueRow:
    for name, value in raw.items():
        if any(unicodedata.category(character) == "Cc" and character not in "\n\r\t" for character in value):
            raise _BadRow(f"{name}: there is a control character in it.")
    category = tuple(part.strip() for part in raw["category"].split(">"))
    if not all(category):
        raise _BadRow("category: it is empty, or a part of its path is.")
    if any(len(part) > 120 for part in category) or len(category) > 8:
        raise _BadRow("category: it is too long.")
    price = _points(raw, "price_iqd")
    if price is None:
        raise _BadRow("price_iqd: it is empty.")
    list_price = _points(raw, "list_price_iqd")
    return CatalogueRow(
        sku=_words(raw, "sku", 64),
        titles=_titles(raw, plan),
        brand=_words(raw, "brand", 128, required=False),
        category=category,
        price_points=price,
        # A list price that is no higher is no discount.
        list_price_points=list_price if list_price and list_price > price else None,
        pieces=_pieces(raw, counts_pieces=counts_pieces),
        description=raw.get("description", ""),
        attributes={
            column.code: value
            for column in plan.columns
            if (value := _value(column, column.text(raw))) is not None  # type: ignore[assignment]
        },
        raw=raw,
    )


def _titles(raw: Mapping[str, str], plan: ImportPlan) -> Names:
    _words(raw, "title", 255)
    names = plan.titles(raw)
    return Names(en=names.en, ar=names.ar[:255], ckb=names.ckb[:255])


def _words(raw: Mapping[str, str], name: str, longest: int, *, required: bool = True) -> str:
    text = " ".join(raw[name].split())
    if required and not text:
        raise _BadRow(f"{name}: it is empty.")
    if len(text) > longest:
        raise _BadRow(f"{name}: it is longer than {longest} characters.")
    return text


def _points(raw: Mapping[str, str], name: str) -> int | None:
    text = raw.get(name, "").translate(_DIGITS)
    if text.lower() in _EMPTY:
        return None
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.0+)?", text):
        text = text.replace(",", "")
    if not re.fullmatch(r"\d{1,12}(\.0{1,4})?", text):
        raise _BadRow(f"{name}: {raw[name]!r} is no whole number of dinars.")
    points = int(text.partition(".")[0])
    if not 0 < points <= MAX_POINTS:
        raise _BadRow(f"{name}: {points} is not between 1 and {MAX_POINTS}.")
    return points


def _counts_pieces(values: Iterable[str]) -> bool:
    """Whether ``in_stock`` tells how many, not only whether."""
    return any(
        re.fullmatch(r"\d+", text) and int(text) > 1
        for text in (value.translate(_DIGITS) for value in values)
    )


def _pieces(raw: Mapping[str, str], *, counts_pieces: bool) -> int:
    text = raw.get("in_stock", "").translate(_DIGITS).lower()
    if text in _EMPTY:
        # A list without the column sells what it names; an empty cell in one with it has nothing to say.
        return PIECES_IN_STOCK if "in_stock" not in raw else 0
    if counts_pieces and re.fullmatch(r"\d{1,9}", text):
        return int(text)
    if text in _TRUE:
        return PIECES_IN_STOCK
    if text in _FALSE:
        return 0
    raise _BadRow(f"in_stock: {raw['in_stock']!r} says neither how many nor whether.")


def _value(column: Column, text: str) -> str | int | float | bool | None:
    if text.lower() in _EMPTY:
        return None
    value = _typed(text, column.type)
    if value is None:
        raise _BadRow(f"{column.column}: {text!r} is no {_TYPE_WORDS[column.type]}.")
    return value


_TYPE_WORDS: dict[AttributeType, str] = {
    "integer": "whole number", "float": "number", "boolean": "yes or no",
    "text": "text of at most 1,000 characters", "option": "text of at most 255 characters",
}  # fmt: skip


def _typed(text: str, kind: AttributeType) -> str | int | float | bool | None:
    if kind == "boolean":
        return True if text.lower() in _TRUE else False if text.lower() in _FALSE else None
    if kind in {"text", "option"}:
        return text if len(text) <= (1_000 if kind == "text" else 255) else None
    number = text.translate(_DIGITS)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+", number):
        number = number.replace(",", "")
    if kind == "integer":
        whole = re.fullmatch(r"(-?\d{1,10})(\.0+)?", number)
        return int(whole[1]) if whole and abs(int(whole[1])) <= MAX_INTEGER else None
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", number) or not math.isfinite(float(number)):
        return None
    return float(number)


# Inferring a plan -----------------------------------------------------------------------------


def infer_plan(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> ImportPlan:
    """A product class for a list that no plan knows: named after its category, typed by its values."""
    name = _common_category(row["category"] for row in rows) or "Goods"
    columns: dict[str, Column] = {}
    for position, source in enumerate(header):
        if source in REQUIRED_COLUMNS + OPTIONAL_COLUMNS or not source:
            continue
        column = _infer_column(source, [row[source] for row in rows], position)
        # Two columns whose names differ in signs alone.
        while column.code in columns:
            column = replace(column, code=f"{column.code}_{position}")
        columns[column.code] = column
    return ImportPlan(
        slug=slugify(name)[:120] or "goods",
        names=CATEGORY_NAMES.get(name, Names(en=name)),
        columns=tuple(columns.values()),
    )


def _common_category(paths: Iterable[str]) -> str:
    """The deepest category that nearly all rows share."""
    counts: Counter[tuple[str, ...]] = Counter()
    total = 0
    for path in paths:
        parts = tuple(part.strip() for part in path.split(">"))
        if all(parts):
            total += 1
            counts.update(parts[:depth] for depth in range(1, len(parts) + 1))
    shared = [parts for parts, times in counts.items() if times >= TYPE_SHARE * total]
    return max(shared, key=len)[-1] if shared else ""


def _infer_column(source: str, values: Sequence[str], position: int) -> Column:
    values = [text for value in values if (text := " ".join(value.split())).lower() not in _EMPTY]
    words = re.sub(r"[^0-9a-z]+", "_", source).strip("_").split("_")
    unit = UNIT_OF_SUFFIX.get(words[-1], "") if len(words) > 1 else ""
    if unit:
        words = words[:-1]
    code = "_".join(words)
    if not re.match(r"[a-z]", code):
        code = f"attribute_{position}"
    distinct = len(set(values))
    kind = _infer_type(values)
    return Column(
        code=code[:100],
        names=COMMON_NAMES.get(code, Names(en=" ".join(words).capitalize()[:120] or source[:120])),
        type=kind,
        unit=unit,
        # Few values that repeat are what people choose by; measures and names are not.
        is_facet=kind != "boolean" and 1 < distinct <= MOST_FACET_VALUES and distinct * 5 <= len(values),
        source=source,
    )


def _infer_type(values: Sequence[str]) -> AttributeType:
    kinds: tuple[AttributeType, ...] = ("boolean", "integer", "float")
    for kind in kinds:
        matching = sum(_typed(value, kind) is not None for value in values)
        if values and (
            matching == len(values) or (len(values) >= 20 and matching >= TYPE_SHARE * len(values))
        ):
            if (
                kind == "boolean"
                and all(value.translate(_DIGITS) in {"0", "1"} for value in values)
                and len(values) < 3
            ):
                continue
            return kind
    return "text"


def _as_stored(plan: ImportPlan) -> ImportPlan:
    """The plan with the types that the product class's attributes have already."""
    stored = dict(ProductAttribute.objects.filter(product_class__slug=plan.slug).values_list("code", "type"))
    columns = []
    for column in plan.columns:
        kind = stored.get(column.code, column.type)
        if kind in _TYPE_WORDS:
            columns.append(replace(column, type=kind))
        else:
            # Dates, files and the like are not read from lists; what the list says stands beside them.
            columns.append(replace(column, code=f"{column.code}_listed"))
    return replace(plan, columns=tuple(columns))


# Writing --------------------------------------------------------------------------------------


@transaction.atomic
def import_products(*, catalogue: ParsedCatalogue) -> ImportReport:
    """Write the good rows' products, with their class, categories, brands and attributes.

    Products are known by their SKU (``upc``). Slugs, and titles in languages that the list does not
    bring, stay as they are on a second run.
    """
    # The raw column of a translated field mirrors the active language.
    with translation.override("ar"):
        rows = catalogue.rows
        product_class = _ensure_class(catalogue.plan)
        attributes = _ensure_attributes(product_class, catalogue.plan)
        brands = _ensure_brands({row.brand for row in rows if row.brand})
        categories = _ensure_categories({row.category for row in rows})
        before = set(Product.objects.filter(upc__in=[row.sku for row in rows]).values_list("upc", flat=True))
        ids = _write_products(rows, catalogue.plan, product_class, brands)
        _write_categories(rows, ids, categories)
        _write_attributes(rows, ids, attributes, catalogue.plan)
        _write_weights(rows, ids)
        _ask_for_indexing(ids.values())
    return ImportReport(
        created=len(rows) - len(before),
        updated=len(before),
        bad_rows=list(catalogue.bad_rows),
        product_ids=ids,
    )


def _ensure_class(plan: ImportPlan) -> ProductClass:
    product_class, _ = ProductClass.objects.get_or_create(
        slug=plan.slug,
        defaults={**plan.names.fields("name"), "requires_shipping": True, "track_stock": True},
    )
    return product_class


def _ensure_attributes(product_class: ProductClass, plan: ImportPlan) -> dict[str, ProductAttribute]:
    known = {attribute.code: attribute for attribute in product_class.attributes.all()}
    for position, column in enumerate(plan.columns):
        if column.code in known:
            continue
        group = None
        if column.type == "option":
            group, _ = AttributeOptionGroup.objects.get_or_create(
                code=f"{plan.slug}-{column.code}"[:255],
                defaults={"name": f"{plan.names.en}: {column.names.en}"[:128]},
            )
        known[column.code] = ProductAttribute.objects.create(
            product_class=product_class,
            code=column.code,
            type=column.type,
            unit=column.unit,
            is_facet=column.is_facet,
            position=position,
            option_group=group,
            **column.names.fields("name"),
        )
    return known


def _ensure_brands(names: set[str]) -> dict[str, Brand]:
    known = {brand.name: brand for brand in Brand.objects.filter(name__in=names)}
    for name in sorted(names - known.keys()):
        known[name] = Brand.objects.create(name=name)
    return known


def _ensure_categories(paths: set[tuple[str, ...]]) -> dict[tuple[str, ...], Category]:
    """The categories at the ends of these paths; a category is known by the slugs of its path."""
    by_slugs = _categories_by_slugs()
    known: dict[tuple[str, ...], Category] = {}
    steps = {path[:depth] for path in paths for depth in range(1, len(path) + 1)}
    for path in sorted(steps, key=lambda path: (len(path), path)):
        slugs = tuple(_category_slug(part) for part in path)
        if slugs not in by_slugs:
            category = Category(
                slug=slugs[-1], **CATEGORY_NAMES.get(path[-1], Names(en=path[-1])).fields("name")
            )
            if parent := by_slugs.get(slugs[:-1]):
                # Treebeard keeps counts in the parent's row: it must be the current one.
                category = Category.objects.add_child(Category.objects.get(pk=parent.pk), instance=category)
            else:
                category = Category.objects.add_root(instance=category)
            by_slugs[slugs] = category
        known[path] = by_slugs[slugs]
    return known


def _category_slug(name: str) -> str:
    # A name without a Latin letter has no slug of its own; the same name gets the same one again.
    return slugify(name)[:120] or f"c-{zlib.crc32(name.encode()):08x}"


def _categories_by_slugs() -> dict[tuple[str, ...], Category]:
    categories = {category.path: category for category in Category.objects.all()}
    step = Category.steplen
    return {
        tuple(categories[path[:end]].slug for end in range(step, len(path) + 1, step)): category
        for path, category in categories.items()
    }


def _write_products(
    rows: Sequence[CatalogueRow], plan: ImportPlan, product_class: ProductClass, brands: Mapping[str, Brand]
) -> dict[str, int]:
    now = timezone.now()
    products = [
        Product(
            upc=row.sku,
            structure=Product.STANDALONE,
            product_class=product_class,
            brand=brands.get(row.brand),
            kind=drawing_for(kind=row.raw.get("kind", ""), category=row.category),
            slug=slugify(row.titles.en)[:200] or slugify(row.sku) or "product",
            date_updated=now,
            **row.titles.fields("title"),
            **({"description_en": sanitise(row.description)} if row.description else {}),
        )
        for row in rows
    ]
    updated = ["product_class", "brand", "kind", "title", "title_en", "date_updated"]
    # A list in English alone leaves other languages as people have written them meanwhile.
    updated += [f"title_{code}" for code in ("ar", "ckb") if any(getattr(row.titles, code) for row in rows)]
    if any(row.description for row in rows):
        updated += ["description", "description_en"]
    Product.objects.bulk_create(
        products, batch_size=BATCH, update_conflicts=True, unique_fields=["upc"], update_fields=updated
    )
    return {str(product.upc): product.pk for product in products}


def _write_categories(
    rows: Sequence[CatalogueRow], ids: Mapping[str, int], categories: Mapping[tuple[str, ...], Category]
) -> None:
    wanted = {(ids[row.sku], categories[row.category].pk) for row in rows}
    present = ProductCategory.objects.filter(product_id__in=ids.values())
    stale = [link.pk for link in present if (link.product_id, link.category_id) not in wanted]
    ProductCategory.objects.filter(pk__in=stale).delete()
    ProductCategory.objects.bulk_create(
        [ProductCategory(product_id=product, category_id=category) for product, category in sorted(wanted)],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def _write_attributes(
    rows: Sequence[CatalogueRow],
    ids: Mapping[str, int],
    attributes: Mapping[str, ProductAttribute],
    plan: ImportPlan,
) -> None:
    options = _ensure_options(rows, attributes, plan)
    by_field: dict[str, list[ProductAttributeValue]] = {}
    wanted: set[tuple[int, int]] = set()
    for row in rows:
        for code, value in row.attributes.items():
            attribute = attributes[code]
            name = f"value_{attribute.type}"
            cell: Any = options[code][str(value)] if attribute.type == "option" else value
            by_field.setdefault(name, []).append(
                ProductAttributeValue(product_id=ids[row.sku], attribute_id=attribute.pk, **{name: cell})
            )
            wanted.add((ids[row.sku], attribute.pk))
    stale = [
        pk
        for pk, product, attribute in ProductAttributeValue.objects.filter(
            product_id__in=ids.values(), attribute__in=attributes.values()
        ).values_list("pk", "product_id", "attribute_id")
        if (product, attribute) not in wanted
    ]
    ProductAttributeValue.objects.filter(pk__in=stale).delete()
    for name, values in by_field.items():
        ProductAttributeValue.objects.bulk_create(
            values,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["attribute", "product"],
            update_fields=[name],
        )


def _write_weights(rows: Sequence[CatalogueRow], ids: Mapping[str, int]) -> None:
    """Where a list says nothing, a weight that people have written stays."""
    grams = {ids[row.sku]: weight for row in rows if (weight := shipping_weight_of(row.raw)) is not None}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalogue_product AS product SET shipping_weight_grams = listed.grams"
            " FROM unnest(%s::bigint[], %s::int[]) AS listed (id, grams) WHERE product.id = listed.id",
            [list(grams), list(grams.values())],
        )


def _ensure_options(
    rows: Sequence[CatalogueRow], attributes: Mapping[str, ProductAttribute], plan: ImportPlan
) -> dict[str, dict[str, AttributeOption]]:
    """Options by attribute code and English text."""
    found: dict[str, dict[str, AttributeOption]] = {}
    for column in plan.columns:
        attribute = attributes[column.code]
        if attribute.type != "option":
            continue
        texts = sorted({str(row.attributes[column.code]) for row in rows if column.code in row.attributes})
        name = column.option_names or (lambda text: Names(en=text))
        found[column.code] = _ensure_group_options(
            attribute.option_group,  # type: ignore[arg-type]
            {text: name(text) for text in texts},
        )
    return found


def _ensure_group_options(
    group: AttributeOptionGroup, names: Mapping[str, Names]
) -> dict[str, AttributeOption]:
    """An option for each text.

    A group's options must differ in each language, so texts with one name in any of them ("Table+4
    chairs", "Table and 4 chairs") are one option.
    """
    known: dict[str, AttributeOption] = {}
    for option in group.options.all():
        known |= {name: option for name in (option.option_en, option.option_ar, option.option_ckb) if name}  # type: ignore[attr-defined]
    new: list[AttributeOption] = []
    found: dict[str, AttributeOption] = {}
    for text, name in names.items():
        words = [word for word in (name.en, name.ar, name.ckb) if word]
        option = next((known[word] for word in words if word in known), None)  # type: ignore[assignment]
        if option is None:
            option = AttributeOption(
                group=group, option_en=name.en, option_ar=name.ar or None, option_ckb=name.ckb or None
            )
            known |= dict.fromkeys(words, option)
            new.append(option)
        found[text] = option
    AttributeOption.objects.bulk_create(new, batch_size=BATCH)
    return found


@transaction.atomic
def import_offers(
    *, vendor: Partner, rows: Sequence[CatalogueRow], product_ids: Mapping[str, int], handling_days: int = 1
) -> int:
    """Write one vendor's prices and stock of these products; the number of offers.

    What is ordered already stays allocated: the stock never falls below it. ``handling_days`` is for
    offers that are new.
    """
    allocated = dict(
        StockRecord.objects.select_for_update(no_key=True)
        .filter(partner=vendor, product_id__in=product_ids.values())
        .order_by("pk")
        .values_list("product_id", "num_allocated")
    )
    offers = [
        StockRecord(
            product_id=product_ids[row.sku],
            partner=vendor,
            partner_sku=row.sku,
            price_currency="IQD",
            handling_days=handling_days,
            price=row.price_points,
            list_price=row.list_price_points,
            num_in_stock=max(row.pieces, allocated.get(product_ids[row.sku]) or 0),
        )
        for row in rows
        if row.sku in product_ids
    ]
    StockRecord.objects.bulk_create(
        offers,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["product", "partner"],
        update_fields=["partner_sku", "price", "list_price", "num_in_stock", "date_updated"],
    )
    _ask_for_indexing(offer.product_id for offer in offers)
    return len(offers)


def _ask_for_indexing(product_ids: Iterable[int]) -> None:
    ids = sorted(product_ids)
    for start in range(0, len(ids), BATCH):
        enqueue(topic="search.products", payload={"ids": ids[start : start + BATCH]})
