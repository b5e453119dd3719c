"""A card's QR opens the box before there is an account: on a phone, in Arabic."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.person import PASSWORD, Person, new_phone
from tests.browser.test_story import CARD_VALUE, balance, issue_cards

pytestmark = pytest.mark.browser
BOX = "/wallet/redeem/"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def test_qr_before_signing_up(someone: Callable[..., Person], tmp_path: Path) -> None:
    code = issue_cards(someone, "ar", tmp_path)[0]
    plain = code.replace(" ", "")
    visitor = someone("ar", phone_screen=True)
    visitor.go(f"{BOX}#c={plain}")
    field, hint = visitor.form(BOX).locator("[name=code]"), visitor.page.locator("[data-redeem-hint]")
    right, wrong = re.compile("text-success"), re.compile("text-danger")

    # The QR's code fills the box and leaves the address.
    expect(field).to_have_value(code)
    expect(hint).to_have_class(right)
    assert visitor.page.url.endswith(BOX)

    # A wrong digit, typed on an Arabic keyboard, is told at once; and it is not sent.
    field.press("End")
    field.press("Backspace")
    expect(hint).to_be_empty()
    field.press_sequentially(str((int(plain[-1]) + 1) % 10).translate(ARABIC))
    expect(hint).to_have_class(wrong)
    visitor.form(BOX).locator("button:not([type=button])").click()
    expect(hint).to_have_class(wrong)
    assert visitor.page.url.endswith(BOX)
    expect(field).to_be_focused()

    # One that ends in a 0 is right without it too, and complete only with it.
    clear = "field => { field.value = ''; field.dispatchEvent(new InputEvent('input')); }"
    field.evaluate(clear)
    field.press_sequentially("0" * 17)
    expect(hint).to_be_empty()
    field.press_sequentially("0")
    expect(hint).to_have_class(right)

    # In the middle too: groups close up behind the caret, which stays where the person types.
    field.evaluate(clear)
    field.press_sequentially((plain[:4] + plain[5:]).translate(ARABIC))
    field.evaluate("field => field.setSelectionRange(5, 5)")
    field.press_sequentially(plain[4].translate(ARABIC))
    expect(field).to_have_value(code)
    expect(hint).to_have_class(right)
    assert field.evaluate("field => field.selectionStart") == 6

    # The code waits through signing up; one press redeems it.
    visitor.send(BOX)
    assert plain[-4:] in visitor.text
    visitor.follow("/accounts/signup/")
    phone = new_phone()
    visitor.send("/accounts/signup/", contact=phone, name="هدى سالم", password1=PASSWORD)
    visitor.send("/accounts/phone/verify/", code=visitor.newest_code(phone))
    assert visitor.page.url.endswith(BOX)
    expect(visitor.form(BOX).locator("[name=code]")).to_have_value(code)
    visitor.send(BOX)
    assert visitor.page.url.endswith("/wallet/")
    assert balance(visitor) == CARD_VALUE
    assert not [cookie for cookie in visitor.context.cookies() if cookie["name"] == "nuqta_code"]
