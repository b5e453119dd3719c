"""Lists of goods: typed attributes, bad rows with their reason, a second run that duplicates nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation

from forked_apps.catalogue.importing import (
    PIECES_IN_STOCK,
    UnreadableCatalogue,
    import_offers,
    import_products,
    read_catalogue,
)
from forked_apps.catalogue.models import (
    Category,
    Product,
    ProductAttribute,
    ProductAttributeValue,
    ProductClass,
)
from forked_apps.partner.models import StockRecord
from marketplace.env import BASE_DIR
from tests.factories.catalogue import VendorFactory

pytestmark = pytest.mark.django_db

DATA = BASE_DIR / "marketplace" / "demo" / "data"
HEADER = (
    "sku,title,brand,category,price_iqd,list_price_iqd,in_stock,colour,battery_mah,screen_inches,waterproof"
)
GOOD = "P-1,Phone One,Acme,Electronics > Phones,250000,300000,7,Black,5000,6.5,Yes"


def catalogue(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines]).encode()


def phones(count: int = 30) -> list[str]:
    colours = ("Black", "White", "Blue")
    return [
        f"P-{number},Phone {number},Acme,Electronics > Phones,{250_000 + number},,{number},"
        f"{colours[number % 3]},{4000 + number},6.{number % 10},{'Yes' if number % 2 else 'No'}"
        for number in range(1, count + 1)
    ]


def test_an_unknown_list_gets_a_class_with_typed_attributes_and_facets() -> None:
    report = import_products(catalogue=read_catalogue(catalogue(*phones())))
    assert (report.created, report.updated, report.bad_rows) == (30, 0, [])
    product_class = ProductClass.objects.get(slug="phones")
    attributes = {attribute.code: attribute for attribute in product_class.attributes.all()}
    assert {
        code: (attribute.type, attribute.unit, attribute.is_facet) for code, attribute in attributes.items()
    } == {
        "colour": ("text", "", True),
        "battery": ("integer", "mAh", False),
        "screen": ("float", "in", False),
        "waterproof": ("boolean", "", False),
    }
    assert (attributes["colour"].name_ar, attributes["colour"].name_ckb) == ("اللون", "ڕەنگ")
    product = Product.objects.get(upc="P-3")
    assert (product.attr.colour, product.attr.battery, product.attr.screen, product.attr.waterproof) == (
        "Black", 4003, 6.3, True,
    )  # fmt: skip


def test_a_second_run_updates_and_duplicates_nothing() -> None:
    import_products(catalogue=read_catalogue(catalogue(*phones())))
    Product.objects.filter(upc="P-1").update(title_ar="هاتف", slug="kept")
    changed = [line.replace("Phone 1,", "Phone 1 Pro,").replace("Black", "") for line in phones()]
    report = import_products(catalogue=read_catalogue(catalogue(*changed)))
    assert (report.created, report.updated) == (0, 30)
    assert Product.objects.count() == 30
    assert Category.objects.count() == 2
    assert ProductAttribute.objects.count() == 4
    product = Product.objects.get(upc="P-1")
    # What people wrote since then in another language stays, and so does the address.
    assert (product.title_en, product.title_ar, product.slug) == ("Phone 1 Pro", "هاتف", "kept")
    # A value that the list no longer gives is gone.
    assert not ProductAttributeValue.objects.filter(value_text="Black").exists()
    assert ProductAttributeValue.objects.filter(value_text="White").count() == 10


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace("P-1,", ","), "sku: it is empty."),
        (GOOD.replace("Phone One", " "), "title: it is empty."),
        (GOOD.replace("Phone One", "x" * 256), "title: it is longer than 255 characters."),
        (GOOD.replace("250000", ""), "price_iqd: it is empty."),
        (GOOD.replace("250000", "0"), "price_iqd: 0 is not between 1 and 9999999999."),
        (GOOD.replace("250000", "-5"), "price_iqd: '-5' is no whole number of dinars."),
        (GOOD.replace("250000", "1250.5"), "price_iqd: '1250.5' is no whole number of dinars."),
        (GOOD.replace("250000", "99999999999"), "price_iqd: 99999999999 is not between 1 and 9999999999."),
        (GOOD.replace("250000", "free"), "price_iqd: 'free' is no whole number of dinars."),
        (
            GOOD.replace("Electronics > Phones", "Electronics > "),
            "category: it is empty, or a part of its path is.",
        ),
        (GOOD.replace(",7,", ",many,"), "in_stock: 'many' says neither how many nor whether."),
        (GOOD.replace(",5000", ",big"), "battery_mah: 'big' is no whole number."),
        (GOOD.replace("6.5", "six"), "screen_inches: 'six' is no number."),
        (GOOD.replace("Yes", "perhaps"), "waterproof: 'perhaps' is no yes or no."),
        (GOOD.replace("Phone One", "Phone\x00One"), "title: there is a control character in it."),
        (GOOD + ",more", "The row has 12 cells, the header 11."),
        ("P-9,too,few", "The row has 3 cells, the header 11."),
        (phones()[4], "The SKU P-5 stands in line 6 already."),
    ],
)
def test_a_bad_row_is_reported_and_the_good_ones_come_in(line: str, reason: str) -> None:
    parsed = read_catalogue(catalogue(*phones(), line.replace("P-1,Phone One", "P-99,Phone One")))
    assert [(row.number, row.reason) for row in parsed.bad_rows] == [(32, reason)]
    assert import_products(catalogue=parsed).created == 30


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"name,price\nx,1", "The list has no column sku, title, brand, category, price_iqd."),
        (
            catalogue(GOOD, header=HEADER.replace("colour", "sku")),
            "The list has the column sku more than once.",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused_as_a_whole(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableCatalogue, match=reason):
        read_catalogue(content)


def test_arabic_digits_a_byte_order_mark_and_semicolons_are_read() -> None:
    content = catalogue(
        "P-1;هاتف;Acme;Electronics > Phones;٢٥٠٬٠٠٠;;٣",
        header=HEADER.partition(",colour")[0].replace(",", ";"),
    )
    (row,) = read_catalogue(b"\xef\xbb\xbf" + content).rows
    assert (row.price_points, row.pieces, row.titles.en) == (250_000, 3, "هاتف")


def test_a_list_price_that_is_no_higher_is_no_discount() -> None:
    rows = read_catalogue(catalogue(GOOD, GOOD.replace("P-1", "P-2").replace("300000", "250000"))).rows
    assert [row.list_price_points for row in rows] == [300_000, None]


def test_in_stock_is_a_number_where_any_row_counts_and_otherwise_a_flag() -> None:
    def pieces(*values: str) -> list[int]:
        lines = [GOOD.replace("P-1", f"P-{n}").replace(",7,", f",{value},") for n, value in enumerate(values)]
        return [row.pieces for row in read_catalogue(catalogue(*lines)).rows]

    assert pieces("0", "1", "12") == [0, 1, 12]
    assert pieces("0", "1", "") == [0, PIECES_IN_STOCK, 0]


def test_offers_never_fall_below_what_is_ordered() -> None:
    vendor = VendorFactory()
    parsed = read_catalogue(catalogue(GOOD))
    ids = import_products(catalogue=parsed).product_ids
    assert import_offers(vendor=vendor, rows=parsed.rows, product_ids=ids) == 1
    offer = StockRecord.objects.get()
    assert (offer.price_points, offer.list_price_points, offer.num_in_stock) == (250_000, 300_000, 7)
    StockRecord.objects.update(num_allocated=5)
    fewer = read_catalogue(catalogue(GOOD.replace(",7,", ",2,")))
    import_offers(vendor=vendor, rows=fewer.rows, product_ids=ids)
    offer.refresh_from_db()
    assert (offer.num_in_stock, offer.num_allocated) == (5, 5)


def test_description_is_sanitised() -> None:
    words = '"<p dir=""rtl"" style=""x"" onclick=""x"">ok<script>x</script></p>"'
    line = f"P-1,Phone,Acme,Electronics > Phones,1000,,1,{words}"
    header = HEADER.partition(",colour")[0] + ",description"
    import_products(catalogue=read_catalogue(catalogue(line, header=header)))
    assert Product.objects.get().description_en == '<p dir="rtl">ok</p>'


def test_an_attribute_keeps_the_type_that_the_class_gave_it() -> None:
    import_products(catalogue=read_catalogue(catalogue(*phones())))
    again = read_catalogue(catalogue(*[line.replace(",40", ",x40") for line in phones()]))
    assert {row.reason for row in again.bad_rows} >= {"battery_mah: 'x4001' is no whole number."}
    import_products(catalogue=again)


def test_the_command_reports_bad_rows_and_writes_offers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor = VendorFactory()
    path = tmp_path / "phones.csv"
    path.write_bytes(catalogue(GOOD, "P-2,too,few"))
    call_command("import_catalogue", path, vendor=vendor.code)
    shown = capsys.readouterr()
    assert shown.out == f"{path}: 1 products new, 0 updated, 1 offers, 1 bad rows.\n"
    assert shown.err == f"{path}:3: The row has 3 cells, the header 11.\n"
    assert vendor.stockrecords.count() == 1


def test_the_whole_demo_catalogue_comes_in_fast_and_complete_in_three_languages() -> None:
    started = time.monotonic()
    for name, rows in (("furniture", 2_962), ("laptops", 1_303)):
        report = import_products(catalogue=read_catalogue((DATA / f"{name}.csv").read_bytes()))
        assert (report.created, report.bad_rows) == (rows, [])
    assert time.monotonic() - started < 30
    for code in ("ar", "ckb", "en"):
        with translation.override(code):
            assert Product.objects.count() == 4_265
            assert all(
                product.title
                for product in Product.objects.only("title_ar", "title_ckb", "title_en", "title")
            )
            assert all(category.name for category in Category.objects.all())
    # Names of categories and attributes are given, not fallen back to.
    assert not Category.objects.filter(name_ar__in=["", None]).exists()
    assert all(a.name_ar and a.name_ckb and a.name_en for a in ProductAttribute.objects.all())
    translated = Product.objects.exclude(title_ar__in=["", None]).count()
    assert translated > 4_100
    laptop = Product.objects.get(upc="LAP-00003")
    assert laptop.attr.processor_family == "Intel Core i5"
    with translation.override("ar"):
        assert str(laptop.attr.system.option) == "بدون نظام تشغيل"
    wardrobe = Product.objects.filter(kind="wardrobe", title_en__startswith="PAX Wardrobe 150x66x236").first()
    assert wardrobe is not None
    assert (wardrobe.attr.width, wardrobe.attr.designer) != (None, None)
    assert wardrobe.title_ar == "خزانة ملابس PAX بقياس 150x66x236 سم"
