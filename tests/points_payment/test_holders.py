"""Distributors and shops that are kept by name: each with its author, none twice."""

from __future__ import annotations

import pytest

from points_payment.errors import HolderExists
from points_payment.models import Distributor, HolderChange, Shop
from points_payment.services.holders import add_distributor, add_shop
from tests.factories.points import make_person

pytestmark = pytest.mark.django_db


def test_a_shop_is_kept_with_its_distributor_and_its_author():
    actor = make_person()
    distributor = add_distributor(name="Tigris", governorate="BG", phone="+9647701234567", actor=actor)
    shop = add_shop(name="Corner", governorate="BG", address="Karrada", distributor=distributor, actor=actor)
    assert Shop.objects.get() == shop
    assert (shop.distributor, shop.address, distributor.phone) == (distributor, "Karrada", "+9647701234567")
    written = HolderChange.objects.order_by("id").values_list("distributor", "shop", "actor", "values__name")
    assert list(written) == [
        (distributor.pk, None, actor.pk, "Tigris"),
        (None, shop.pk, actor.pk, "Corner"),
    ]


def test_a_name_is_kept_once():
    actor = make_person()
    add_distributor(name="Tigris", governorate="BG", actor=actor)
    add_shop(name="Corner", governorate="BG", address="Karrada", actor=actor)
    with pytest.raises(HolderExists):
        add_distributor(name="Tigris", governorate="BA", actor=actor)
    with pytest.raises(HolderExists):
        add_shop(name="Corner", governorate="BG", address="Karrada", actor=actor)
    assert (Distributor.objects.count(), Shop.objects.count(), HolderChange.objects.count()) == (1, 1, 2)
