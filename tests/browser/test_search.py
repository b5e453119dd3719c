"""Searching by keyboard, by touch, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from marketplace.demo.people import ADMIN, CUSTOMER, DEMO_PASSWORD
from tests.browser.person import NARROW, Person

pytestmark = pytest.mark.browser


@contextmanager
def without_script(someone: Callable[..., Person], shop_url: str) -> Iterator[Page]:
    """A page on a phone whose browser runs no JavaScript."""
    browser = someone("en").context.browser
    assert browser is not None
    context = browser.new_context(viewport=NARROW, java_script_enabled=False)  # type: ignore[arg-type]
    try:
        context.add_cookies([{"name": "django_language", "value": "en", "url": shop_url}])
        yield context.new_page()
    finally:
        context.close()


def test_suggestions_by_keyboard_are_told_to_who_does_not_see_them(someone: Callable[..., Person]) -> None:
    page = someone("en").page
    field, options = page.get_by_role("combobox"), page.get_by_role("option")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("lenov", delay=20)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("listbox")).to_have_accessible_name(re.compile(r"\w"))
    expect(page.locator("#site-suggest-status")).to_have_text(f"{options.count()} suggestions")
    for place in (0, 1):
        field.press("ArrowDown")
        expect(options.nth(place)).to_have_attribute("aria-selected", "true")
        expect(field).to_have_attribute(
            "aria-activedescendant", options.nth(place).get_attribute("id") or "none"
        )
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    # The field itself keeps the focus, and what was typed.
    expect(field).to_be_focused()
    expect(field).to_have_value("lenov")
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    # Enter without a choice searches for the words, with one it opens that.
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=lenov$"))
    field.fill("")
    field.press_sequentially("lenov", delay=20)
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?brand=Lenovo$"))


def test_a_brand_is_found_by_touch_while_its_name_is_typed_in_arabic(someone: Callable[..., Person]) -> None:
    customer = someone("ar", phone_screen=True)
    customer.page.get_by_role("combobox").press_sequentially("سامس", delay=20)
    customer.page.get_by_role("option").filter(has_text="Samsung").first.click()
    expect(customer.page).to_have_url(re.compile(r"/search/\?brand=Samsung$"))
    customer.check_page()
    # Filters stand in a sheet from below: a second brand, then a price in Arabic digits.
    page = customer.page
    page.locator("a[href='#facets']").click()
    page.locator("#facets a", has_text="Dell").first.click()
    expect(page).to_have_url(re.compile(r"brand=Samsung&brand=Dell"))
    # The sheet stays open while filters are chosen.
    page.locator("#f-price_min").fill("٩٠٠٬٠٠٠")
    page.locator("#f-price_max").fill("۵۰۰۰۰۰")
    page.locator("#f-price_max").press("Enter")
    expect(page).to_have_url(re.compile(r"price_min="))
    page.locator(".facets-done a").click()
    expect(page.locator("#facets")).to_be_hidden()
    expect(page.locator(".listing-chip").first).to_contain_text("500,000")
    customer.check_page()
    number = page.locator(".listing-chip").count()
    page.locator(".listing-chip").nth(1).click()
    expect(page.locator(".listing-chip")).to_have_count(number - 1)
    # Who chose nothing in it finds it closed.
    expect(page.locator("#facets")).to_be_hidden()


def test_a_word_that_a_phones_keyboard_still_composes_is_proposed_for(someone: Callable[..., Person]) -> None:
    page = someone("ar", phone_screen=True).page
    field = page.get_by_role("combobox")
    field.focus()
    field.evaluate(
        """field => {
          field.value = "لينو";
          field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
        }"""
    )
    expect(page.get_by_role("option").filter(has_text="Lenovo").first).to_be_visible()
    expect(field).to_have_value("لينو")


def test_without_script_people_search_sort_and_filter(someone: Callable[..., Person], shop_url: str) -> None:
    with without_script(someone, shop_url) as page:
        page.goto(shop_url)
        page.get_by_role("combobox").fill("laptop")
        page.get_by_role("combobox").press("Enter")
        page.locator("#listing-sort").select_option("price")
        page.get_by_role("button", name="Sort").click()
        expect(page).to_have_url(re.compile(r"q=laptop&sort=price"))
        page.locator("a[href='#facets']").click()
        expect(page.locator("#facets")).to_be_in_viewport()
        page.locator("#facets a", has_text="Dell").first.click()
        expect(page).to_have_url(re.compile(r"brand=Dell"))
        expect(page.locator(".listing-chip").first).to_contain_text("Dell")


def test_a_list_is_saved_after_signing_in(someone: Callable[..., Person]) -> None:
    customer = someone("ckb", phone_screen=True).go("/search/?q=laptop&brand=HP")
    customer.page.locator("form[action='/search/saved/new/'] button").click()
    customer.send("/accounts/login/", login=CUSTOMER.phone, password=DEMO_PASSWORD)
    expect(customer.page).to_have_url(re.compile(r"/search/\?q=laptop&brand=HP$"))
    customer.page.locator("form[action='/search/saved/new/'] button").click()
    link = customer.page.locator("main a[href='/search/?q=laptop&brand=HP']")
    expect(link).to_have_text("laptop · HP")
    customer.page.locator("main a[href$='/delete/']").first.click()
    expect(customer.page.locator("main")).to_contain_text("laptop · HP")
    customer.check_page()
    customer.page.locator("main form[action$='/delete/'] button").click()
    expect(link).to_have_count(0)


def test_staff_look_at_a_rule_before_they_save_it(someone: Callable[..., Person]) -> None:
    admin = someone("ar", phone_screen=True).sign_in(login=ADMIN.phone, password=DEMO_PASSWORD)
    admin.go("/staff/search/rules/new/")
    page = admin.page
    page.locator("main [name=query]").fill("قاعدة للتجربة")
    page.locator("main [name=redirect_to]").fill("/help/points/")
    page.locator("main button[formaction]").click()
    expect(page.locator("#previewed")).to_be_visible()
    expect(page.locator("main [name=redirect_to]")).to_have_value("/help/points/")
    admin.check_page()
    admin.go("/staff/search/rules/")
    assert "قاعدة للتجربة" not in admin.text


def test_the_rarest_value_of_a_long_group_is_chosen_on_a_phone(someone: Callable[..., Person]) -> None:
    customer = someone("ar", phone_screen=True)
    page = customer.page
    page.goto(f"{customer.shop_url}/search/?q=table")
    page.locator("a[href='#facets']").click()
    designers = page.locator("#facet-a_designer")
    designers.locator("> summary").click()
    designers.locator(".facet-more > summary").click()
    few = designers.locator("li").count()
    designers.locator(".facet-all").click()
    expect(page).to_have_url(re.compile(r"more=a_designer#facet-a_designer$"))
    # The sheet is open again, and the group in it.
    expect(designers.locator("li").last).to_be_visible()
    assert designers.locator("li").count() > few
    customer.check_page()
    name = designers.locator("li .facet-label").last.inner_text()
    designers.locator("li a").last.click()
    expect(page.locator(".listing-chip").first).to_contain_text(name)
    page.locator(".facets-done a").click()
    # The address of the group does not hold the sheet open.
    expect(page.locator("#facets")).to_be_hidden()


def test_without_script_a_long_group_is_opened_on_a_phone(
    someone: Callable[..., Person], shop_url: str
) -> None:
    with without_script(someone, shop_url) as page:
        page.goto(f"{shop_url}/search/?q=table")
        page.locator("a[href='#facets']").click()
        designers = page.locator("#facet-a_designer")
        designers.locator("> summary").click()
        designers.locator(".facet-more > summary").click()
        designers.locator(".facet-all").click()
        expect(designers).to_be_in_viewport()
        expect(designers.locator("li").first).to_be_visible()
