"""List pages: what they show, what they cost, and that no address breaks them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from forked_apps.catalogue.models import (
    AttributeOption,
    AttributeOptionGroup,
    Category,
    Product,
    ProductAttribute,
    ProductAttributeValue,
    ProductCategory,
)
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from search import directory as shop_directory, services
from search.search_indexes import ID_BITS, _mixed, _sort_keys
from search.selection import MOST_VALUES, ORDERS
from tests.factories.catalogue import (
    BrandFactory,
    CategoryFactory,
    OfferFactory,
    ProductClassFactory,
    ProductFactory,
    VendorFactory,
)
from tests.factories.people import a_customer

pytestmark = pytest.mark.django_db


class Shop:
    """Three vendors and a hundred and twenty laptops and chairs."""

    def __init__(self) -> None:
        dice = random.Random(3)
        self.goods = CategoryFactory(name_en="Goods", name_ar="بضائع", slug="goods")
        self.laptops = CategoryFactory(name_en="Laptops", name_ar="حواسيب", slug="laptops", parent=self.goods)
        self.chairs = CategoryFactory(name_en="Chairs", name_ar="كراسي", slug="chairs", parent=self.goods)
        self.vendors = [VendorFactory(name=name) for name in ("Alice's", "Bob & Sons", "چرا")]
        self.brands = [BrandFactory(name=name) for name in ("Samsung", "Samsung Pro", "AT&T", "نوكيا")]
        self.laptop_class = ProductClassFactory(slug="laptop", name_en="Laptop")
        self.chair_class = ProductClassFactory(slug="chair", name_en="Chair")
        self.memory = self._attribute(self.laptop_class, "ram", "integer", name_en="Memory", unit="GB")
        self.system = self._attribute(self.laptop_class, "system", "text", name_en="System")
        self.width = self._attribute(self.chair_class, "width", "float", name_en="Width", unit="cm")
        colours = AttributeOptionGroup.objects.create(name="Colours")
        self.red = AttributeOption.objects.create(group=colours, option_en="Red", option_ar="أحمر")
        self.blue = AttributeOption.objects.create(group=colours, option_en="Blue", option_ar="أزرق")
        self.colour = self._attribute(
            self.chair_class, "colour", "option", name_en="Colour", name_ar="اللون", option_group=colours
        )
        products = Product.objects.bulk_create(self._product(number, dice) for number in range(120))
        ProductCategory.objects.bulk_create(
            ProductCategory(product=product, category=self.laptops if is_laptop(product) else self.chairs)
            for product in products
        )
        ProductAttributeValue.objects.bulk_create(value for p in products for value in self._values(p, dice))
        StockRecord.objects.bulk_create(
            offer for product in products for offer in self._offers(product, dice)
        )

    def _attribute(self, product_class: Any, code: str, kind: str, **fields: Any) -> ProductAttribute:
        return ProductAttribute.objects.create(
            product_class=product_class, code=code, type=kind, is_facet=True, **fields
        )

    def _product(self, number: int, dice: random.Random) -> Product:
        laptop = number % 2 == 0
        product: Product = ProductFactory.build(
            product_class=self.laptop_class if laptop else self.chair_class,
            title_en=f"{'Laptop' if laptop else 'Chair'} number {number}",
            title_ar=f"{'حاسوب' if laptop else 'كرسي'} رقم {number}",
            brand=dice.choice(self.brands),
            rating=dice.choice([None, 2.5, 4.0, 5.0]),
        )
        return product

    def _values(self, product: Product, dice: random.Random) -> list[ProductAttributeValue]:
        if is_laptop(product):
            values: list[tuple[ProductAttribute, dict[str, Any]]] = [
                (self.memory, {"value_integer": dice.choice([8, 16])}),
                (self.system, {"value_text": "Windows 11"}),
            ]
        else:
            values = [
                (self.width, {"value_float": 40 + int(product.title_en.split()[-1]) / 2}),
                (self.colour, {"value_option": dice.choice([self.red, self.blue])}),
            ]
        return [ProductAttributeValue(product=product, attribute=which, **value) for which, value in values]

    def _offers(self, product: Product, dice: random.Random) -> list[StockRecord]:
        return [
            OfferFactory.build(
                product=product,
                partner=vendor,
                price=dice.randrange(10, 900) * 1000,
                list_price=dice.choice([None, 1_000_000]),
                num_in_stock=dice.choice([0, 3, 50]),
            )
            for vendor in dice.sample(self.vendors, dice.choice([1, 1, 2]))
        ]


def is_laptop(product: Product) -> bool:
    return product.title_en.startswith("Laptop")


@pytest.fixture
def shop(search_backend: Any) -> Shop:
    shop = Shop()
    services.rebuild()
    return shop


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def group(response: Any, name: str) -> Any:
    return next(found for found in response.context["listing"].groups if found.name == name)


def counts(response: Any, name: str) -> dict[str, int]:
    return {value.label: value.count for value in group(response, name).values}


def ids(response: Any) -> set[int]:
    return {card.id for card in response.context["listing"].cards}


# What is shown --------------------------------------------------------------------------------
def test_category_page_lists_what_is_below_it(shop: Shop, english: Client) -> None:
    response = english.get(shop_directory.current().categories[shop.goods.pk].url + "?size=96")
    assert response.context["listing"].count == 120
    below = {value.label: value.count for value in response.context["listing"].category_facet.below}
    assert below == {"Laptops": 60, "Chairs": 60}
    laptops = english.get(shop_directory.current().categories[shop.laptops.pk].url + "?size=96")
    assert ids(laptops) == set(Product.objects.filter(categories=shop.laptops).values_list("pk", flat=True))


def test_search_finds_words_in_every_language(shop: Shop, english: Client) -> None:
    for words in ("laptops", "الحاسوب", "laptop 4"):
        response = english.get("/search/", {"q": words, "size": 96})
        titles = [card.title for card in response.context["listing"].cards]
        assert titles
        assert all("Laptop" in title for title in titles), words


def test_counts_of_brands_equal_the_databases(shop: Shop, english: Client) -> None:
    response = english.get("/catalogue/", {"brand": "Samsung"})
    assert counts(response, "brand") == {
        brand.name: Product.objects.filter(brand=brand).count() for brand in shop.brands
    }
    assert response.context["listing"].count == Product.objects.filter(brand__name="Samsung").count()


def test_several_values_of_one_group_add_and_groups_narrow(shop: Shop, english: Client) -> None:
    response = english.get(
        "/catalogue/", {"brand": ["Samsung", "AT&T"], "vendor": shop.vendors[0].pk, "size": 96}
    )
    wanted = Product.objects.filter(
        brand__name__in=["Samsung", "AT&T"], stockrecords__partner=shop.vendors[0]
    )
    assert ids(response) == set(wanted.values_list("pk", flat=True)) != set()
    assert {chip.label for chip in response.context["listing"].chips} == {"Samsung", "AT&T", "Alice's"}


def test_price_bounds_are_read_in_any_digits(shop: Shop, english: Client) -> None:
    for low, high in (("100000", "300000"), ("١٠٠٬٠٠٠", "٣٠٠٬٠٠٠"), ("۱۰۰,۰۰۰", "300 000")):
        response = english.get("/catalogue/", {"price_min": low, "price_max": high, "size": 96})
        prices = [card.price_points for card in response.context["listing"].cards]
        assert prices
        assert all(100_000 <= price <= 300_000 for price in prices)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("250.000", "250000"), ("1.250.000", "1250000"), ("٢٥٠٬٠٠٠", "250000"), ("۲۵۰٫۰۰۰", "250000"),
        ("٢٥٠،٠٠٠", "250000"), ("250 000", "250000"), ("99.5", "100"), ("12.50", "12"), ("0", "0"),
    ],
    ids=ascii,
)  # fmt: skip
def test_prices_are_grouped_in_every_way(shop: Shop, english: Client, typed: str, read: str) -> None:
    page = english.get("/search/", {"price_max": typed})
    assert page.context["selection"].get("price_max") == read


def test_fields_of_bounds_say_what_to_type(shop: Shop, english: Client) -> None:
    price = group(english.get("/search/"), "price")
    assert price.unit == "points"
    low, high = (int(text.replace(",", "")) for text in (price.low_example, price.high_example))
    assert 0 < low <= high
    # Where there is nothing to go by, nothing is proposed.
    nothing = group(english.get("/search/?q=laptop&price_max=1&brand=None"), "price")
    assert (nothing.low_example, nothing.high_example) == ("", "")


def test_bounds_in_the_wrong_order_are_put_right(shop: Shop, english: Client) -> None:
    right = english.get("/catalogue/", {"price_min": "100000", "price_max": "300000", "size": 96})
    wrong = english.get("/catalogue/", {"price_min": "٣٠٠٠٠٠", "price_max": "100000", "size": 96})
    assert ids(wrong) == ids(right) != set()
    price = group(wrong, "price")
    assert (price.low, price.high) == ("100000", "300000")
    chairs = shop_directory.current().categories[shop.chairs.pk].url
    wrong = english.get(f"{chairs}?max_width=60&min_width=80&min_width=90&size=96")
    assert ids(wrong) == ids(english.get(f"{chairs}?min_width=60&max_width=90&size=96")) != set()


@pytest.mark.parametrize("typed", ["abc", "-5", "1e5", '"><b>', "12 apples"])
def test_a_bound_that_is_no_number_is_told_beside_its_field(shop: Shop, english: Client, typed: str) -> None:
    response = english.get("/catalogue/", {"price_min": typed, "price_max": "300000"})
    price = group(response, "price")
    assert (price.low, price.low_unread, price.high, price.high_unread) == ("", typed, "300000", "")
    page = response.content.decode()
    assert page.count("Write a number.") == 1
    assert f'value="{escape(typed)}" inputmode' in page
    # The bound that can be read holds, and no other address carries the one that cannot.
    assert all(card.price_points <= 300_000 for card in response.context["listing"].cards)
    assert all("price_min" not in chip.url for chip in response.context["listing"].chips)
    assert "Write a number." not in english.get("/catalogue/?price_min=&foo=bar").content.decode()


def test_price_ranges_narrow_to_as_many_as_they_count(shop: Shop, english: Client) -> None:
    for value in group(english.get("/catalogue/"), "price").values:
        assert english.get(value.url).context["listing"].count == value.count > 0


def test_steps_of_ratings_narrow_to_as_many_as_they_count(shop: Shop, english: Client) -> None:
    steps = group(english.get("/catalogue/"), "rating").values
    assert {value.low: value.count for value in steps} == {
        step: Product.objects.filter(rating__gte=step).count() for step in (4, 3, 2, 1)
    }
    for value in steps:
        chosen = english.get(value.url)
        assert chosen.context["listing"].count == value.count > 0
        # Counted without its own choice, of which there is one.
        again = group(chosen, "rating").values
        assert {found.low: found.count for found in again} == {found.low: found.count for found in steps}
        assert [found.low for found in again if found.selected] == [value.low]


def test_steps_of_discounts_narrow_to_as_many_as_they_count(search_backend: Any, english: Client) -> None:
    for number, percent in enumerate((0, 9, 10, 25, 60)):
        OfferFactory(product__title_en=f"Chair {number}", price=1_000 - 10 * percent, list_price=1_000)
    OfferFactory(product__title_en="Chair without a list price", price=1_000)
    services.rebuild()
    steps = group(english.get("/search/?q=chair"), "discount").values
    assert {value.low: value.count for value in steps} == {10: 3, 20: 2, 30: 1, 50: 1}
    for value in steps:
        assert english.get(value.url).context["listing"].count == value.count
    cards = english.get("/search/?q=chair&sort=discount").context["listing"].cards
    assert [card.title for card in cards[:3]] == ["Chair 4", "Chair 3", "Chair 2"]


def test_attributes_are_facets_of_the_class_in_view_alone(shop: Shop, client: Client) -> None:
    assert not any(
        found.name.startswith("a_") for found in client.get("/catalogue/").context["listing"].groups
    )
    url = shop_directory.current().categories[shop.chairs.pk].url
    response = client.get(url)
    assert counts(response, "a_colour") == {
        name: ProductAttributeValue.objects.filter(value_option=option).count()
        for name, option in (("أحمر", shop.red), ("أزرق", shop.blue))
    }
    narrowed = client.get(url, {"a_colour": shop.red.pk, "min_width": "60", "size": "96"})
    wanted = Product.objects.filter(
        attribute_values__value_option=shop.red,
        pk__in=ProductAttributeValue.objects.filter(attribute=shop.width, value_float__gte=60).values(
            "product"
        ),
    )
    assert ids(narrowed) == set(wanted.values_list("pk", flat=True)) != set()


def test_few_numbers_are_offered_one_by_one(shop: Shop, english: Client) -> None:
    response = english.get("/search/", {"q": "laptop"})
    assert counts(response, "a_ram") == {
        str(size): ProductAttributeValue.objects.filter(value_integer=size).count() for size in (8, 16)
    }


@pytest.mark.parametrize(
    ("sort", "key", "descending"),
    [("price", "price_points", False), ("-price", "price_points", True), ("rating", "rating", True)],
)
def test_orders(shop: Shop, english: Client, sort: str, key: str, descending: bool) -> None:
    response = english.get("/catalogue/", {"sort": sort, "size": 96})
    values = [
        value for card in response.context["listing"].cards if (value := getattr(card, key)) is not None
    ]
    assert values == sorted(values, reverse=descending)
    assert len(values) > 50


@pytest.mark.parametrize("sort", ORDERS)
def test_pages_hold_everything_once_in_every_order(shop: Shop, english: Client, sort: str) -> None:
    for query in ("", "&q=number"):
        found = [
            card.id
            for page in range(1, 6)
            for card in english.get(f"/search/?page={page}&sort={sort}{query}").context["listing"].cards
        ]
        assert len(found) == len(set(found)) == 120


@pytest.mark.parametrize("sort", ["", *ORDERS[1:]])
def test_equal_products_of_one_import_do_not_stand_together(
    search_backend: Any, english: Client, sort: str
) -> None:
    """Two vendors bring forty equal things each, one after the other."""
    for name in ("Alice's", "Bob & Sons"):
        vendor = VendorFactory(name=name)
        for number in range(40):
            OfferFactory(product__title_en=f"{name} {number}", partner=vendor, price=5_000)
    Product.objects.update(date_created=timezone.now())
    services.rebuild()
    cards = english.get("/catalogue/", {"sort": sort}).context["listing"].cards
    of_alice = sum(card.vendor_name == "Alice's" for card in cards)
    assert 0 < of_alice < len(cards) == 24


def test_no_two_products_are_equal_in_an_order() -> None:
    ids = range(1, 200_000)
    assert len({_mixed(pk) for pk in ids}) == len(ids)
    assert max(map(_mixed, ids)) < 1 << ID_BITS


@pytest.mark.parametrize("product_id", [1, 2**24 - 1, 2**24, 2**24 + 1, 2**31, 2**53 + 1, 2**63 - 1])
def test_no_key_of_an_order_outgrows_64_bits_or_its_place(product_id: int) -> None:
    """Whatever stands further down in a key never weighs more than what stands above it."""
    least = {
        "price": 0, "discount": 0, "in_stock": False, "rating": 0.0, "reviews_count": 0, "sold": 0,
        "arrived": datetime(1970, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    most = {
        "price": 2**63 - 1, "discount": 100, "in_stock": True, "rating": 5.0, "reviews_count": 2**31 - 1,
        "sold": 2**63 - 1, "arrived": datetime(9999, 12, 31, tzinfo=UTC),
    }  # fmt: skip
    for facts in (least, most):
        for name, key in _sort_keys(product_id, **facts).items():
            assert key is not None, name
            assert 0 <= key < 2**63, name
    lower, higher = _sort_keys(product_id, **least), _sort_keys(1, **most)
    assert all(lower[name] < higher[name] for name in lower)
    # One step of what decides is more than all of what does not.
    crowded = most | {"rating": 4.99}
    assert _sort_keys(product_id, **crowded)["by_rating"] < _sort_keys(1, **most)["by_rating"]
    dear, dearer = (_sort_keys(pk, **most | {"price": price}) for pk, price in ((product_id, 7), (1, 8)))
    assert dear["by_price"] < dearer["by_price"]
    gone = most | {"in_stock": False}
    assert (
        _sort_keys(product_id, **gone)["by_featured"]
        < _sort_keys(1, **least | {"in_stock": True})["by_featured"]
    )


def test_nothing_found_offers_a_way_on(shop: Shop, english: Client) -> None:
    page = english.get("/search/", {"q": "zzzzqq"}).content.decode()
    assert "Nothing found for “\u2068zzzzqq\u2069”" in page
    assert shop_directory.current().categories[shop.laptops.pk].url in page
    # There is nothing to be sorted, and no filter to choose.
    assert "listing-sort" not in page
    assert 'href="#facets"' not in page
    page = english.get("/catalogue/", {"price_max": "1", "brand": "Samsung"}).content.decode()
    assert "Clear all filters" in page
    assert 'href="#facets"' in page


def test_where_nothing_fits_all_filters_those_in_the_way_are_named(shop: Shop, english: Client) -> None:
    category = shop_directory.current().categories[shop.laptops.pk].url
    for path, query in (("/search/", {"q": "laptop"}), (category, {}), ("/catalogue/", {})):
        query = {**query, "brand": ["Samsung", "AT&T"], "price_max": "1", "in_stock": "1"}
        response = english.get(path, query)
        ((chip, count),) = response.context["listing"].loosened
        assert chip.title == "Price"
        assert english.get(chip.url).context["listing"].count == count > 0
        assert "Without" in response.content.decode()
    # With something found nothing is counted once more.
    assert english.get("/catalogue/", {"brand": "Samsung"}).context["listing"].loosened == ()


def test_search_engines_are_shown_each_list_once(shop: Shop, english: Client) -> None:
    for query in ("", "?page=2", "?foo=bar"):
        assert 'content="noindex' not in english.get(f"/catalogue/{query}").content.decode()
    for query in ("?sort=price", "?size=96", "?brand=Samsung", "?category=999", "?q=laptop", "?in_stock=1"):
        is_other = query != "?category=999"
        assert ('content="noindex' in english.get(f"/catalogue/{query}").content.decode()) == is_other, query


def test_words_of_people_cannot_carry_script(shop: Shop, english: Client) -> None:
    bad = '"><script>alert(1)</script>'
    Product.objects.filter(title_en="Laptop number 0").update(title_en=f"Laptop {bad}")
    Partner.objects.filter(pk=shop.vendors[0].pk).update(name=bad)
    services.rebuild()
    for query in ({"q": "laptop"}, {"q": bad}, {"brand": bad}, {"vendor": shop.vendors[0].pk}):
        assert "<script>alert" not in english.get("/search/", query).content.decode()


# Keeping it true ------------------------------------------------------------------------------
def test_a_changed_price_is_on_the_page_after_its_message(
    shop: Shop, english: Client, drain_outbox: Any
) -> None:
    from marketplace.outbox.services import enqueue

    offer = OfferFactory(partner=shop.vendors[0], price=5_000_000, product__title_en="Unheard-of thing")
    enqueue(topic="search.products", payload={"ids": [offer.product_id]})
    assert english.get("/search/", {"q": "unheard"}).context["listing"].count == 0
    assert drain_outbox() == 1
    (card,) = english.get("/search/", {"q": "unheard"}).context["listing"].cards
    assert (card.price_points, card.vendor_name, card.offers_count) == (5_000_000, "Alice's", 1)
    offer.price = 4_000_000
    offer.save()
    services.reindex([offer.product_id])
    (card,) = english.get("/search/", {"q": "unheard"}).context["listing"].cards
    assert card.price_points == 4_000_000


def test_a_hidden_or_deleted_product_leaves_the_index(shop: Shop, english: Client) -> None:
    first, second = Product.objects.order_by("pk")[:2]
    Product.objects.filter(pk=first.pk).update(is_public=False)
    gone = second.pk
    second.delete()
    services.reindex([first.pk, gone])
    found = ids(english.get("/catalogue/?size=96")) | ids(english.get("/catalogue/?size=96&page=2"))
    assert len(found) == 118
    assert not found & {first.pk, gone}


def test_a_suspended_vendors_offers_leave_the_cards(shop: Shop, english: Client) -> None:
    vendor = shop.vendors[0]
    Partner.objects.filter(pk=vendor.pk).update(status=VendorStatus.SUSPENDED)
    services.reindex(Product.objects.values_list("pk", flat=True))
    response = english.get("/catalogue/?size=96")
    assert "Alice's" not in {card.vendor_name for card in response.context["listing"].cards}
    assert "Alice's" not in counts(response, "vendor")


def test_a_renamed_category_is_on_the_next_page(shop: Shop, english: Client) -> None:
    english.get("/catalogue/")
    Category.objects.filter(pk=shop.laptops.pk).update(name_en="Notebooks")
    below = english.get("/catalogue/").context["listing"].category_facet.below
    assert [value.label for value in below if value.label in {"Laptops", "Notebooks"}] == ["Notebooks"]


def test_haystacks_own_commands_work(shop: Shop, english: Client, search_backend: Any) -> None:
    from django.core.management import call_command

    call_command("clear_index", interactive=False, verbosity=0)
    assert english.get("/catalogue/").context["listing"].count == 0
    call_command("rebuild_index", interactive=False, verbosity=0)
    assert english.get("/catalogue/").context["listing"].count == 120
    Product.objects.order_by("pk").first().delete()
    call_command("update_index", remove=True, verbosity=0)
    assert english.get("/catalogue/").context["listing"].count == 119


def test_preparing_documents_takes_as_many_queries_for_many_as_for_few(
    shop: Shop, django_assert_max_num_queries: Any, search_backend: Any
) -> None:
    from haystack import connections

    index = connections["default"].get_unified_index().get_index(Product)
    products = list(index.index_queryset())
    with django_assert_max_num_queries(12) as few:
        list(index.full_prepare_many(products[:5]))
    with django_assert_max_num_queries(12) as many:
        list(index.full_prepare_many(products))
    assert len(many) == len(few)


# What it costs --------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/search/?q=number", "/catalogue/", "category"])
def test_queries_of_a_page_are_few_and_the_same_for_24_and_96_products(
    shop: Shop, english: Client, django_assert_max_num_queries: Any, path: str
) -> None:
    if path == "category":
        path = shop_directory.current().categories[shop.goods.pk].url
    larger = path + ("&" if "?" in path else "?") + "size=96"
    english.get(path)
    with django_assert_max_num_queries(12) as small:
        assert len(english.get(path).context["listing"].cards) == 24
    with django_assert_max_num_queries(12) as large:
        assert len(english.get(larger).context["listing"].cards) == 96
    assert 0 < len(small) == len(large)


def test_queries_of_a_page_for_a_signed_in_customer(
    shop: Shop, english: Client, django_assert_max_num_queries: Any
) -> None:
    english.force_login(a_customer(), backend="django.contrib.auth.backends.ModelBackend")
    english.get("/search/?q=number")
    with django_assert_max_num_queries(12):
        assert english.get("/search/?q=number").context["listing"].count == 120


# Addresses that nobody means ------------------------------------------------------------------
HOSTILE = [
    "page=0", "page=-1", "page=99999", "page=x", "page=9999999999999999999999", "page=1&page=2", "page=٣",
    "size=1000000", "size=-1", "price_min=abc", "price_min=-5", "price_max=1e400", "price_min=NaN",
    "price_min=inf&price_max=-inf", "price_min=9&price_max=1", "price_min=99999999999999999999", "brand=",
    "brand=%00", "brand=" + "x" * 5000, "brand=%22%20OR%20%221%22=%221", "vendor=x",
    "vendor=99999999999999999999999", "vendor=-1", "vendor=%D9%A3", "category=x", "category=999999",
    "category=%D9%A1", "sort=drop", "sort=by_price", "rating=9", "rating=x", "discount=-1",
    "in_stock=maybe", "a_ram=x", "a_ram=8.5", "min_ram=x", "max_ram=nan", "a_nothing=1", "a_=1",
    "min_system=4", "q=" + "%22" * 50, "q=*", "q=%5B1%20TO%202%5D", "q=brand:%22x", "q=%00", "q=%ED%A0%80",
    "q=" + "word+" * 3000, "q=-", "q=--", "q=%22", "q=(((((", "q=NOT", "q=AND+OR", "&&&", "=", "%", "?",
    "q=laptop&a_system=%22", "&".join(f"brand=b{n}" for n in range(900)), "q=laptop&q=chair&q=%00",
    "q=%FF%FE", "q=%C3%28", "brand=%FF&vendor=%FF&category=%FF&price_min=%FF", "%FF=%FF", "q[]=x&q[0]=y",
    "q=%E2%80%AE%E2%80%8F%E2%80%8E", "q=%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7",
    "q=%EF%B7%BA",
    "q=%CC%81" + "%CC%81" * 300, "q=%F4%8F%BF%BF", "q=%0D%0ASet-Cookie:x", "q=-laptop", 'q="laptop" -"chair',
    "&".join(f"a_ram={n}" for n in range(300)), "&".join(f"min_ram={n}&max_ram={n}" for n in range(200)),
    "price_min=٩٩٩٩٩٩٩٩٩٩٩٩٩٩٩٩٩", "price_min=٫٫٫", "price_min=.", "price_min=1.5&price_max=1.5",
    "min_ram=1e9",
]  # fmt: skip


def test_no_address_breaks_a_page(shop: Shop, english: Client) -> None:
    category = shop_directory.current().categories[shop.laptops.pk].url
    for query in HOSTILE:
        for path in ("/search/", category, "/search/suggest/"):
            assert english.get(f"{path}?{query}").status_code == 200, query


def test_many_values_of_one_group_are_cut_and_still_narrow(shop: Shop, english: Client) -> None:
    brands = [f"b{number}" for number in range(MOST_VALUES - 1)]
    listing = english.get("/catalogue/", {"brand": [*brands, "Samsung", *brands], "size": 96}).context[
        "listing"
    ]
    assert listing.count == Product.objects.filter(brand__name="Samsung").count() > 0
    assert english.get("/catalogue/", {"brand": [*brands, "x", "Samsung"]}).context["listing"].count == 0


@pytest.mark.parametrize(
    ("page", "shown"),
    [("0", 1), ("-1", 1), ("x", 1), ("", 1), ("5", 5), ("6", 5), ("999999", 5), ("9" * 30, 1)],
)
def test_page_numbers_that_are_none(shop: Shop, english: Client, page: str, shown: int) -> None:
    listing = english.get("/catalogue/", {"page": page}).context["listing"]
    assert listing.page.number == shown
    assert len(listing.cards) == 24


def test_a_category_without_products_and_a_product_without_titles(shop: Shop, client: Client) -> None:
    empty = CategoryFactory(name_en="Nothing here", slug="nothing-here")
    OfferFactory(product__title_en="Untranslated lamp", product__title_ar="", product__title_ckb="")
    services.rebuild()
    for language in ("ar", "ckb", "en"):
        client.cookies["django_language"] = language
        listing = client.get("/search/", {"q": "untranslated"}).context["listing"]
        assert [card.title for card in listing.cards] == ["Untranslated lamp"]
        page = client.get(shop_directory.current().categories[empty.pk].url)
        assert (page.status_code, page.context["listing"].count) == (200, 0)
        assert shop_directory.current().categories[shop.goods.pk].url in page.content.decode()


def test_a_page_past_the_end_shows_the_last_one(shop: Shop, english: Client) -> None:
    listing = english.get("/catalogue/?page=400").context["listing"]
    assert listing.page.number == 5
    assert len(listing.cards) == 24


def test_category_addresses(shop: Shop, english: Client) -> None:
    assert english.get("/catalogue/category/nothing_999999/").status_code == 404
    assert english.get("/catalogue/category/nothing_99999999999999999999999999/").status_code == 404
    moved = english.get(f"/catalogue/category/old-name_{shop.laptops.pk}/?sort=price")
    assert (moved.status_code, moved["Location"]) == (
        301,
        shop_directory.current().categories[shop.laptops.pk].url + "?sort=price",
    )
    Category.objects.filter(pk=shop.laptops.pk).update(is_public=False)
    hidden = shop_directory.current().categories[shop.laptops.pk].url
    assert english.get(hidden).status_code == 404


def test_before_the_index_is_built_the_page_says_so(search_backend: Any, english: Client) -> None:
    page = english.get("/catalogue/").content.decode()
    assert "The search is being prepared" in page
    # Not that there are none, and nothing for search engines to keep.
    assert "0</bdi> products" not in page
    assert 'content="noindex' in page


# Groups of many values ----------------------------------------------------------------------------
def many_brands(number: int = 45) -> dict[str, int]:
    """Products by brand: each brand has one product less than the one before, down to one."""
    wanted = {f"Brand {place:02}": max(1, 20 - place) for place in range(number)}
    vendor = VendorFactory(name="Alice's")
    for name, count in wanted.items():
        brand = BrandFactory(name=name)
        for _ in range(count):
            OfferFactory(product__title_en="Lamp", product__brand=brand, partner=vendor)
    services.rebuild()
    return wanted


def test_every_value_of_a_long_group_can_be_reached_with_its_count(
    search_backend: Any, english: Client
) -> None:
    wanted = many_brands()
    page = english.get("/search/", {"q": "lamp"})
    brands = group(page, "brand")
    assert (len(brands.values), brands.all_count, brands.fewer_url) == (30, 45, "")
    assert f'href="{escape(brands.all_url)}#facet-brand"' in page.content.decode()
    whole = english.get(brands.all_url)
    assert counts(whole, "brand") == wanted
    assert whole.context["listing"].count == sum(wanted.values())
    assert whole.context["listing"].chips == []
    # The most frequent first, the others by name.
    labels = [value.label for value in group(whole, "brand").values]
    assert labels == sorted(labels)
    assert (group(whole, "brand").more_is_open, group(whole, "brand").all_url) == (True, "")
    # What is chosen there keeps the group open and counts right; the way back forgets no choice.
    rare = next(value for value in group(whole, "brand").values if value.label == "Brand 44")
    chosen = english.get(rare.url)
    assert chosen.context["listing"].count == wanted["Brand 44"]
    assert counts(chosen, "brand") == wanted
    fewer = english.get(group(chosen, "brand").fewer_url)
    assert "Brand 44" in [value.label for value in group(fewer, "brand").seen]
    assert len(group(fewer, "brand").values) == 31
    assert "Brand 44" not in [value.label for value in group(fewer, "brand").more]


def test_a_longer_group_is_the_same_list(search_backend: Any, english: Client) -> None:
    many_brands()
    whole = english.get("/search/?q=lamp&more=brand&sort=price")
    assert whole.context["address"] == "/search/?q=lamp&sort=price"
    assert b'content="noindex' in english.get("/catalogue/?more=brand").content
    # Groups that there are not, or that are never cut, change nothing.
    for name in ("price", "a_none", "category", "'><b>", ""):
        page = english.get("/search/", {"q": "lamp", "more": name})
        assert (len(group(page, "brand").values), page.context["selection"].all("more")) == (30, [])


def test_all_vendors_of_a_long_group_are_named_by_one_query(
    search_backend: Any, english: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(35):
        OfferFactory(product__title_en="Lamp", partner=VendorFactory(name=f"Vendor {number:02}"))
    services.rebuild()
    english.get("/search/?q=lamp")
    with django_assert_max_num_queries(6):
        page = english.get("/search/?q=lamp&more=vendor")
    assert counts(page, "vendor") == {f"Vendor {number:02}": 1 for number in range(35)}


def test_all_options_of_an_attribute_are_offered(search_backend: Any, english: Client) -> None:
    lamps = ProductClassFactory(slug="lamp", name_en="Lamp")
    shape = ProductAttribute.objects.create(
        product_class=lamps, code="shape", type="text", is_facet=True, name_en="Shape"
    )
    for number in range(33):
        product = OfferFactory(product__title_en="Lamp", product__product_class=lamps).product
        ProductAttributeValue.objects.create(
            product=product, attribute=shape, value_text=f"Shape {number:02}"
        )
    services.rebuild()
    shapes = group(english.get("/search/?q=lamp"), "a_shape")
    assert (len(shapes.values), shapes.all_count) == (30, 33)
    whole = english.get(shapes.all_url)
    assert len(group(whole, "a_shape").values) == 33
    # Groups far down are closed until something is done there.
    assert '<details class="facet" id="facet-a_shape" open>' in whole.content.decode()
