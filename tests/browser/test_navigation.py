"""On a phone the navigation of a desk runs sideways: whoever opens a page sees where they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from marketplace.demo.people import ADMIN, DEMO_PASSWORD
from tests.browser.person import Person

pytestmark = pytest.mark.browser
#: How far the item of this page is out of its navigation, on either side, in pixels.
OUT_OF_SIGHT = """() => {
  const here = document.querySelector(".desk-nav .is-here").getBoundingClientRect();
  const nav = document.querySelector(".desk-nav").getBoundingClientRect();
  return Math.max(0, nav.left - here.left, here.right - nav.right);
}"""


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_item_of_the_page_is_in_sight_on_a_phone(someone: Callable[..., Person], language: str) -> None:
    admin = someone(language, phone_screen=True)
    admin.sign_in(login=ADMIN.phone, password=DEMO_PASSWORD, landing="/staff/vendors/")
    for page in ("/staff/vendors/", "/staff/commission/", "/staff/roles/"):
        admin.go(page)
        assert admin.page.evaluate(OUT_OF_SIGHT) <= 1, page
        assert admin.page.evaluate("window.scrollY") == 0, page


def test_beside_a_page_it_moves_nothing(someone: Callable[..., Person]) -> None:
    admin = someone("en").sign_in(login=ADMIN.phone, password=DEMO_PASSWORD, landing="/staff/vendors/")
    admin.go("/staff/roles/")
    assert admin.page.evaluate("window.scrollY") == 0
