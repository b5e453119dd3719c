"""Vendors hear of new commission rules, if their own terms change, from whoever may see their money."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sites.models import Site
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from forked_apps.partner.commission_differences import differences_for
from forked_apps.partner.commission_models import CommissionRule
from forked_apps.partner.models import Partner, VendorStatus
from forked_apps.partner.permissions import VendorPermission as P
from marketplace.notifications.kinds import words_of
from marketplace.notifications.models import Notification
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from tests.factories.catalogue import CategoryFactory, VendorFactory
from tests.factories.commission import put_rules_in_force
from tests.factories.vendors import Cast, a_cast
from vendor_portal import commission_messages

pytestmark = pytest.mark.django_db
Rule = CommissionRule


@pytest.fixture
def cast() -> Cast:
    """Vendors that agreed on 8%; Alice owns one of them, and Bob only packs."""
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    Partner.objects.update(commission_basis_points=800)
    return cast


def told(of: Partner | None = None) -> dict[int | None, list[list[str]]]:
    """What stands in each message, by its reader."""
    found = Notification.objects.filter(kind="commission.changed")
    if of is not None:
        found = found.filter(about__endswith=f":{of.pk}")
    return {one.user_id: one.facts["changes"] for one in found}


def plain(changes: list[list[str]]) -> list[list[str]]:
    return [[words.replace("\u2068", "").replace("\u2069", "") for words in row] for row in changes]


def in_english(*people: User) -> None:
    User.objects.filter(pk__in=[person.pk for person in people]).update(language="en")


# Whose terms change --------------------------------------------------------------------------
def rows(before: list[Rule], after: list[Rule], *, agreed: int = 800) -> list[tuple[object, int, int]]:
    for rules in (before, after):
        for rule in rules:
            rule.number = 1
    found = differences_for(vendor_id=7, agreed_basis_points=agreed, before=before, after=after)
    return [
        (one.goods and one.goods.category_id, one.before.basis_points, one.after.basis_points)
        for one in found
    ]


def test_terms_of_goods_are_those_of_the_first_rule_that_takes_them_all() -> None:
    chairs = CategoryFactory()
    stools = chairs.add_child(name="Stools", slug="stools")
    all_of_it, dearer = Rule(basis_points=800), Rule(basis_points=900)
    for_chairs, for_stools = Rule(basis_points=500, category=chairs), Rule(basis_points=300, category=stools)
    assert rows([], [all_of_it]) == []
    assert rows([], [dearer]) == [(None, 800, 900)]
    assert rows([], [for_chairs]) == [(chairs.pk, 800, 500)]
    assert rows([for_chairs, all_of_it], [for_chairs, dearer]) == [(None, 800, 900)]
    # Never asked: the first takes everything.
    assert rows([all_of_it], [all_of_it, for_chairs]) == []
    assert rows([for_chairs, all_of_it], [all_of_it, for_chairs]) == [(chairs.pk, 500, 800)]
    assert rows([for_stools, for_chairs], [for_chairs]) == [(stools.pk, 300, 500)]
    assert rows([for_chairs], []) == [(chairs.pk, 500, 800)]


def test_rules_of_others_or_out_of_force_change_nothing() -> None:
    assert rows([], [Rule(basis_points=100, vendor_id=8), Rule(basis_points=100, is_active=False)]) == []
    assert rows([], [Rule(basis_points=100, vendor_id=7)]) == [(None, 800, 100)]


def test_bands_of_prices_and_fixed_sums_are_terms_too() -> None:
    band = {"price_from_points": 1_000, "price_to_points": 5_000}
    wider, narrower = Rule(basis_points=500, price_to_points=9_000), Rule(basis_points=600, **band)
    assert rows([], [narrower]) == [(None, 800, 600)]
    assert rows([wider], [wider, narrower]) == []
    assert rows([narrower], [narrower, wider]) == [(None, 800, 500)]
    (one,) = differences_for(
        vendor_id=7,
        agreed_basis_points=800,
        before=[Rule(basis_points=800)],
        after=[Rule(basis_points=800, fixed_points=250)],
    )
    assert (one.before.fixed_points, one.after.fixed_points) == (0, 250)


def test_delivery_charges_are_a_change_of_their_own() -> None:
    silent, taking = Rule(basis_points=800), Rule(basis_points=800, on_shipping=True)
    (one,) = differences_for(vendor_id=7, agreed_basis_points=800, before=[silent], after=[taking])
    assert (one.goods, one.before.basis_points, one.after.basis_points) == (None, 0, 800)


# Who is told -----------------------------------------------------------------------------------
def test_who_sees_the_money_is_told_what_was_and_what_is(cast: Cast, drain_outbox: Callable) -> None:
    in_english(cast.alice, cast.bob)
    chairs = CategoryFactory(name_en="Chairs", name_ar="كراسي")
    put_rules_in_force(Rule(basis_points=650, category=chairs, vendor=cast.vendor))
    drain_outbox()
    assert {user: plain(changes) for user, changes in told().items()} == {
        cast.alice.pk: [["Category: Chairs", "8%", "6.5%"]]
    }
    one = Notification.objects.get(kind="commission.changed")
    with translation.override("en"):
        words = words_of(one.kind, one.facts)
    assert cast.vendor.name in words.subject
    assert "until now" in words.text


def test_each_reads_it_in_their_language_with_a_link_to_the_page(cast: Cast, drain_outbox: Callable) -> None:
    Site.objects.update(domain="nuqta.example")
    Site.objects.clear_cache()
    User.objects.filter(pk=cast.alice.pk).update(language="ar")
    put_rules_in_force(Rule(basis_points=900, category=CategoryFactory(name_en="Chairs", name_ar="كراسي")))
    drain_outbox()
    one = Notification.objects.get(kind="commission.changed", user=cast.alice)
    assert "كراسي" in one.facts["changes"][0][0]
    assert one.facts["url"] == f"http://nuqta.example/portal/{cast.vendor.code}/money/#commission"
    assert one.facts["url"] in words_of(one.kind, one.facts).text
    Site.objects.clear_cache()


def test_many_changes_are_counted(cast: Cast, drain_outbox: Callable) -> None:
    in_english(cast.alice)
    put_rules_in_force(*(Rule(basis_points=100 * place, category=CategoryFactory()) for place in range(1, 6)))
    drain_outbox()
    one = Notification.objects.get(user=cast.alice, kind="commission.changed")
    assert (len(one.facts["changes"]), one.facts["more"]) == (3, 2)


def test_a_version_that_changes_nothing_for_a_vendor_is_no_news_to_it(
    cast: Cast, drain_outbox: Callable
) -> None:
    put_rules_in_force(Rule(basis_points=800))
    drain_outbox()
    assert told() == {}


def test_vendors_that_left_or_never_came_are_told_nothing(cast: Cast, drain_outbox: Callable) -> None:
    Partner.objects.filter(pk=cast.vendor.pk).update(status=VendorStatus.SUSPENDED)
    Partner.objects.filter(pk=cast.other_vendor.pk).update(status=VendorStatus.CLOSED)
    put_rules_in_force(Rule(basis_points=900))
    drain_outbox()
    assert cast.alice.pk in told(cast.vendor)
    assert told(cast.other_vendor) == {}


def test_a_shop_whose_money_nobody_sees_is_told_by_its_phone(cast: Cast, drain_outbox: Callable) -> None:
    lonely = VendorFactory(phone="+9647701234599", commission_basis_points=800)
    put_rules_in_force(Rule(basis_points=900))
    drain_outbox()
    assert list(told(lonely)) == [None]


def test_many_vendors_are_told_in_sets(
    cast: Cast, drain_outbox: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commission_messages, "AT_ONCE", 2)
    for number in range(5):
        VendorFactory(phone=f"+96477012346{number:02}", commission_basis_points=800)
    put_rules_in_force(Rule(basis_points=900))
    drain_outbox()
    everyone = Partner.objects.filter(status=VendorStatus.APPROVED).count()
    messages = OutboxMessage.objects.filter(topic="commission.changed")
    assert messages.count() == everyone // 2 + 1
    before = Notification.objects.filter(kind="commission.changed").count()
    assert before >= everyone
    # Carried out again, each is told once still.
    commission_messages.tell_of_rules(messages.earliest("pk").payload)
    assert Notification.objects.filter(kind="commission.changed").count() == before


def test_whom_to_tell_is_asked_once_for_all(cast: Cast, drain_outbox: Callable) -> None:
    def reading(count: int) -> int:
        for _ in range(count):
            VendorFactory(phone="", commission_basis_points=800)
        saved = put_rules_in_force(Rule(basis_points=900 + Partner.objects.count()))
        OutboxMessage.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            commission_messages.tell_of_rules({"version": saved.version})
        return len([one for one in queries if "vendor_portal_vendormember" in one["sql"]])

    assert reading(1) == reading(5) == 1
