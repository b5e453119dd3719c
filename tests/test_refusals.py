"""Nobody is refused without words."""

from __future__ import annotations

import pytest

from forked_apps.basket.errors import BasketError
from forked_apps.order.errors import EmptyBasket, OrderError
from forked_apps.payment.errors import PaymentError
from marketplace.refusals import Refusal
from marketplace.roles.errors import RolesError
from vendor_portal.errors import VendorError
from vendor_portal.staff.commission_forms import ChangeForm

FAMILIES = (BasketError, OrderError, PaymentError, RolesError, VendorError)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: str(family.__name__))
def test_a_refusal_without_words_cannot_be_made(family: type[Refusal]) -> None:
    with pytest.raises(TypeError, match="Wordless does not say what people read"):
        type("Wordless", (family,), {})


def test_words_may_come_from_the_class_above() -> None:
    assert type("Emptier", (EmptyBasket,), {})().message == EmptyBasket().message == str(EmptyBasket())


def test_a_form_that_drafts_nothing_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="drafted"):
        type("Idle", (ChangeForm,), {})(rules=[], rule=None)
