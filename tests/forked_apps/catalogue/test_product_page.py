"""The product's page: its offers, its words, its reviews, and what it costs to show."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from forked_apps.catalogue import pages, selectors, tree
from forked_apps.catalogue.models import (
    Category,
    Product,
    ProductAttribute,
    ProductAttributeValue,
    ProductImage,
)
from forked_apps.catalogue.reviews.services import AlreadyReviewed, ScoreOutOfRange, write_review
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from marketplace.outbox.models import OutboxMessage
from tests.factories.catalogue import (
    BrandFactory,
    CategoryFactory,
    OfferFactory,
    ProductClassFactory,
    ProductFactory,
)
from tests.factories.orders import ShippingRateFactory
from tests.factories.people import a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    tree.forget_tree()
    pages.forget_pages()


@pytest.fixture
def category() -> Category:
    return CategoryFactory(name_en="Beds", name_ar="الأسرّة", slug="beds")


@pytest.fixture
def product(category: Category) -> Product:
    return ProductFactory(
        title_en="MALM Bed",
        title_ar="سرير MALM",
        slug="malm-bed",
        category=category,
        brand=BrandFactory(name="IKEA"),
    )


def get(client: Client, product: Product, language: str = "en") -> Any:
    client.cookies["django_language"] = language
    return client.get(product.get_absolute_url())


def shown(client: Client, product: Product, language: str = "en") -> str:
    response = get(client, product, language)
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_buy_box_and_the_others_add_their_own_offer(client: Client, product: Product) -> None:
    dear = OfferFactory(product=product, price=90_000, list_price=None)
    cheap = OfferFactory(product=product, price=75_000, list_price=100_000)
    page = get(client, product).context["page"]
    assert page.buy_box.choice.stockrecord == cheap
    assert [row.choice.stockrecord for row in page.other_offers] == [dear]
    html = shown(client, product)
    assert html.index(f'name="offer" value="{cheap.pk}"') < html.index(f'name="offer" value="{dear.pk}"')
    assert "75,000" in html
    assert "100,000" in html
    assert "25% off" in html


def test_a_suspended_vendor_is_gone_from_the_page_at_once(client: Client, product: Product) -> None:
    offer = OfferFactory(product=product, partner__name="Gone Shop")
    assert "Gone Shop" in shown(client, product)
    type(offer.partner).objects.update(status=VendorStatus.SUSPENDED)
    html = shown(client, product)
    assert "Gone Shop" not in html
    assert 'name="offer"' not in html
    assert "No vendor offers this product" in html


def test_sold_out_is_said_and_nothing_can_be_added(client: Client, product: Product) -> None:
    OfferFactory(product=product, num_in_stock=2, num_allocated=2)
    html = shown(client, product)
    assert "Out of stock" in html
    assert 'name="offer"' not in html


def test_few_pieces_are_counted(client: Client, product: Product) -> None:
    OfferFactory(product=product, num_in_stock=5, num_allocated=2)
    assert "Only 3 left" in shown(client, product)


def test_days_are_handling_and_way_together(client: Client, product: Product) -> None:
    offer = OfferFactory(product=product, handling_days=2)
    ShippingRateFactory(vendor=offer.partner, charge_points=4_000, days_min=1, days_max=3)
    row = get(client, product).context["page"].buy_box
    assert (row.days_min, row.days_max, row.charge_points) == (3, 5, 4_000)


@pytest.mark.parametrize(
    ("language", "title"), [("en", "MALM Bed"), ("ar", "سرير MALM"), ("ckb", "سرير MALM")]
)
def test_titles_fall_back_and_are_never_empty(
    client: Client, product: Product, language: str, title: str
) -> None:
    assert f"<bdi>{title}</bdi>" in shown(client, product, language)


def test_attributes_are_in_the_readers_language_with_units(client: Client, product: Product) -> None:
    product_class = ProductClassFactory()
    width = ProductAttribute.objects.create(
        product_class=product_class, code="width", name_en="Width", name_ar="العرض", type="integer", unit="cm"
    )
    screen = ProductAttribute.objects.create(
        product_class=product_class, code="screen", name_en="Screen", type="float", unit="in", position=1
    )
    ProductAttributeValue.objects.create(product=product, attribute=width, value_integer=1_150)
    ProductAttributeValue.objects.create(product=product, attribute=screen, value_float=15.6)
    facts = get(client, product).context["page"].facts
    assert [(fact.name, fact.text, fact.unit) for fact in facts] == [
        ("Width", "1,150", "cm"),
        ("Screen", "15.6", "in"),
    ]
    # Without an Arabic name the English one stands in.
    assert [fact.name for fact in get(client, product, "ar").context["page"].facts] == ["العرض", "Screen"]


def test_what_vendors_write_is_sanitised_when_saved_and_again_when_shown(
    client: Client, product: Product
) -> None:
    attack = '<p lang="en" style="color:red">good</p><script>steal()</script><img src=x onerror=steal()>'
    product.description_en = attack
    product.save()
    assert Product.objects.get(pk=product.pk).description_en == '<p lang="en">good</p>'
    # Written around the model, as an old row may be.
    Product.objects.filter(pk=product.pk).update(description_en=attack)
    html = shown(client, product)
    assert '<p lang="en">good</p>' in html
    assert "steal" not in html


def test_the_way_through_the_categories(client: Client, product: Product, category: Category) -> None:
    response = get(client, product)
    assert [label for label, _ in response.context["page"].crumbs] == ["Beds", "MALM Bed"]
    assert f'href="/catalogue/category/beds_{category.pk}/"' in response.content.decode()


def test_similar_ones_are_of_the_same_kind_and_to_be_had(
    client: Client, product: Product, category: Category
) -> None:
    def neighbour(**fields: Any) -> Product:
        other = ProductFactory(category=category, **fields)
        OfferFactory(product=other)
        return other

    alike = neighbour()
    neighbour(kind="chair")
    neighbour(is_public=False)
    sold_out = neighbour()
    StockRecord.objects.filter(product=sold_out).update(num_in_stock=0)
    assert [card.id for card in get(client, product).context["page"].similar] == [alike.pk]


def test_old_addresses_lead_on_and_private_products_are_hidden(client: Client, product: Product) -> None:
    response = client.get(f"/catalogue/old-name_{product.pk}/")
    assert (response.status_code, response["Location"]) == (301, product.get_absolute_url())
    Product.objects.update(is_public=False)
    assert client.get(product.get_absolute_url()).status_code == 404
    assert client.get("/catalogue/none_999999999/").status_code == 404


@pytest.mark.parametrize("signed_in", [False, True])
def test_four_queries_at_most_and_no_more_for_more_offers_and_reviews(
    client: Client, product: Product, category: Category, signed_in: bool
) -> None:
    OfferFactory(product=product)
    if signed_in:
        client.force_login(a_customer())
    get(client, product)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(client, product)
        return len(captured)

    few = queries()
    for _ in range(4):
        OfferFactory(product=product)
        OfferFactory(product=ProductFactory(category=category))
        write_review(product=product, user=a_customer(), score=4, title="Good", body="Really.")
    assert queries() == few <= 4


def test_looking_writes_nothing(client: Client, product: Product) -> None:
    OfferFactory(product=product)
    get(client, product)
    with CaptureQueriesContext(connection) as captured:
        get(client, product)
    asked = [query["sql"].strip() for query in captured]
    assert [sql for sql in asked if not sql.startswith(("SELECT", "WITH page AS"))] == []
    assert [sql for sql in asked if re.search("INSERT|UPDATE|DELETE", sql)] == []


# Kept pages ---------------------------------------------------------------------------------


def drawn_anew(client: Client, product: Product, monkeypatch: pytest.MonkeyPatch) -> bool:
    drawn: list[object] = []
    monkeypatch.setattr(
        pages, "product_page", lambda **facts: drawn.append(facts) or selectors.product_page(**facts)
    )
    shown(client, product)
    return bool(drawn)


def review(product: Product) -> None:
    write_review(product=product, user=a_customer(), score=5, title="Solid", body="!")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda offer: Product.objects.update(title_en="MALM Sofa"), "MALM Sofa"),
        (lambda offer: Product.objects.update(description_en="Of oak."), "Of oak."),
        (lambda offer: StockRecord.objects.update(price=31_000), "31,000"),
        (lambda offer: StockRecord.objects.update(list_price=88_000), "88,000"),
        (lambda offer: StockRecord.objects.update(num_allocated=8), "Only 2 left"),
        (lambda offer: StockRecord.objects.update(num_in_stock=0), "Out of stock"),
        (lambda offer: StockRecord.objects.update(is_active=False), "No vendor offers this product"),
        (
            lambda offer: Partner.objects.update(status=VendorStatus.SUSPENDED),
            "No vendor offers this product",
        ),
        (lambda offer: Partner.objects.update(name="Furat"), "Furat"),
        (lambda offer: OfferFactory(product=offer.product, price=9_000), "9,000"),
        (lambda offer: ShippingRateFactory(vendor=offer.partner, charge_points=4_250), "4,250"),
        (
            lambda offer: write_review(
                product=offer.product, user=a_customer(), score=5, title="Solid", body="!"
            ),
            "Solid",
        ),
        (
            lambda offer: ProductImage.objects.create(
                product=offer.product, original="a.webp", caption="Oak"
            ),
            "Oak",
        ),
        (
            lambda offer: OfferFactory(
                product=ProductFactory(title_en="A neighbour", category=Category.objects.get())
            ),
            "A neighbour",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_changed_is_on_the_page_at_once(
    client: Client, product: Product, change: Callable[[StockRecord], object], expected: str
) -> None:
    """Changed behind the models' backs, as another process would: the database alone is asked."""
    offer = OfferFactory(product=product)
    assert expected not in shown(client, product)
    change(offer)
    assert expected in shown(client, product)


def test_a_page_is_drawn_once_a_language(
    client: Client, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    OfferFactory(product=product)
    assert drawn_anew(client, product, monkeypatch)
    assert not drawn_anew(client, product, monkeypatch)
    assert not drawn_anew(Client(), product, monkeypatch)
    assert "سرير MALM" in get(client, product, "ar").text
    assert not drawn_anew(client, product, monkeypatch)


def test_a_renamed_category_is_on_the_page_when_the_tree_is_read_again(
    client: Client, product: Product, category: Category
) -> None:
    assert "Beds" in shown(client, product)
    Category.objects.update(name_en="Cots")
    tree.forget_tree()
    assert "Cots" in shown(client, product)


def test_a_kept_page_holds_nothing_of_who_looked_first(product: Product) -> None:
    OfferFactory(product=product)
    reviewer, other = Client(), Client()
    person = a_customer()
    reviewer.force_login(person)
    write_review(product=product, user=person, score=5, title="Solid", body="!")
    assert "You have reviewed this product." in shown(reviewer, product)
    assert "You have reviewed this product." not in shown(other, product)

    token = re.compile(r'csrfmiddlewaretoken" value="(\w{64})"')
    theirs = [token.findall(shown(client, product)) for client in (reviewer, other)]
    assert all(theirs)
    assert not set(theirs[0]) & set(theirs[1])
    checked = Client(enforce_csrf_checks=True)
    form = {"quantity": 1, "csrfmiddlewaretoken": token.findall(shown(checked, product))[0]}
    assert checked.post(f"/basket/add/{product.pk}/", form).status_code == 302
    form["csrfmiddlewaretoken"] = theirs[0][0]
    assert checked.post(f"/basket/add/{product.pk}/", form).status_code == 403


def test_only_so_many_pages_are_kept(
    client: Client, product: Product, category: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_KEPT", 1)
    shown(client, product)
    shown(client, ProductFactory(category=category))
    assert len(pages._kept) == 1
    assert drawn_anew(client, product, monkeypatch)


# Reviews ----------------------------------------------------------------------------------


def review_address(product: Product) -> str:
    return f"/catalogue/{product.slug}_{product.pk}/reviews/add/"


GOOD_REVIEW = {"score": "4", "title": "Sturdy", "body": "Stands well."}


def test_a_signed_in_person_reviews_and_the_rating_follows(client: Client, product: Product) -> None:
    write_review(product=product, user=a_customer(), score=1, title="Bad", body="No.")
    client.force_login(a_customer("Alice"))
    response = client.post(review_address(product), GOOD_REVIEW)
    assert (response.status_code, response["Location"]) == (302, product.get_absolute_url())
    product.refresh_from_db()
    assert product.rating == 2.5
    assert OutboxMessage.objects.filter(topic="search.products", payload={"ids": [product.pk]}).count() == 2
    page = get(client, product).context["page"]
    assert (page.reviews_count, page.has_reviewed) == (2, True)
    assert [review.author for review in page.reviews] == ["Alice", "Alice"]


def test_a_visitor_signs_in_first(client: Client, product: Product) -> None:
    response = client.post(review_address(product), GOOD_REVIEW)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")
    assert not product.reviews.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("score", "0"), ("score", "6"), ("score", "x"), ("title", " "), ("body", ""), ("title", "x" * 121)],
)
def test_bad_input_is_said_and_nothing_is_written(
    client: Client, product: Product, field: str, value: str
) -> None:
    client.force_login(a_customer())
    response = client.post(review_address(product), GOOD_REVIEW | {field: value})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {field}
    assert not product.reviews.exists()


def test_one_review_a_person(client: Client, product: Product) -> None:
    person = a_customer()
    write_review(product=product, user=person, score=5, title="Good", body="Yes.")
    with pytest.raises(AlreadyReviewed):
        write_review(product=product, user=person, score=1, title="Bad", body="No.")
    client.force_login(person)
    assert client.post(review_address(product), GOOD_REVIEW).status_code == 302
    assert product.reviews.count() == 1


def test_a_score_is_one_to_five(product: Product) -> None:
    with pytest.raises(ScoreOutOfRange):
        write_review(product=product, user=a_customer(), score=6, title="Good", body="Yes.")


def test_a_review_shows_neither_phone_nor_markup(client: Client, product: Product) -> None:
    person = a_customer("", phone="+9647701112223")
    write_review(product=product, user=person, score=5, title="<b>x</b>", body="<script>x</script>")
    html = shown(client, product)
    assert "770 111 2223" not in html
    assert "9647701112223" not in html
    assert "<script>x" not in html
    assert "A customer" in html


def test_the_list_of_reviews_has_pages(client: Client, product: Product) -> None:
    for number in range(21):
        write_review(product=product, user=a_customer(), score=5, title=f"Review {number}", body="Yes.")
    address = review_address(product).removesuffix("add/")
    assert len(client.get(address).context["reviews"]) == 20
    assert len(client.get(address, {"page": 2}).context["reviews"]) == 1
    assert client.get(address, {"page": "x"}).status_code == 200


def test_a_rating_never_saves_the_rest_of_the_product(product: Product) -> None:
    stale = Product.objects.get(pk=product.pk)
    Product.objects.filter(pk=product.pk).update(title_en="Changed meanwhile")
    write_review(product=stale, user=a_customer(), score=5, title="Good", body="Yes.")
    with translation.override("en"):
        assert Product.objects.get(pk=product.pk).title == "Changed meanwhile"
