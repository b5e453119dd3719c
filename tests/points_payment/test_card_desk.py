"""The desk that helps with one card, and the alerts of who guesses."""

from __future__ import annotations

import logging
import re

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from marketplace.users.permissions import PlatformPermission
from points_payment.errors import AlertSeen, CardNotRedeemable
from points_payment.kinds import CardState, CounterScope, ReplacementState
from points_payment.models import Card, CardReplacement, GuessingAlert
from points_payment.services.alerts import look_at_alert
from points_payment.services.card_support import freeze_card, request_replacement
from points_payment.services.ranges import freeze_range
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_person, new_key
from tests.factories.supply import activate, make_received_batch, make_shop, send
from tests.points_payment.test_pages import sign_in, staff, text

pytestmark = pytest.mark.django_db
SUPPORT = (PlatformPermission.CARDS_VIEW, PlatformPermission.CARDS_SUPPORT)
MANAGER = (PlatformPermission.CARDS_VIEW, PlatformPermission.CARDS_APPROVE)


@pytest.fixture(autouse=True)
def support(client):
    client.cookies["django_language"] = "en"
    return sign_in(client, staff(*SUPPORT))


def url(name, *args):
    return reverse(f"points_staff:{name}", args=args)


def find(client, card):
    return client.get(url("find-card"), {"serial": card.serial})


def redeem(code, customer=None):
    return redeem_card(
        customer=customer or make_person(), code=code, idempotency_key=new_key(), attempt=from_device()
    )


def active_card():
    batch, codes = make_active_batch()
    return batch.cards.earliest("number"), codes[0]


def ask_for(card, actor=None):
    return request_replacement(
        card=card, actor=actor or make_person("Sara"), reason="Scratched through", proof_seen="The card",
        last_four=card.last_four,
    )  # fmt: skip


# Finding and freezing -------------------------------------------------------------------------


def test_card_shows_where_it_was_and_what_happened_and_never_its_code(client):
    batch, codes = make_received_batch(cards=4)
    one = activate(send(batch, 0, 3, shop=make_shop("Corner of Karrada")))
    card = batch.cards.earliest("number")
    freeze_card(card=card, actor=make_person("Huda"), reason="Lost on the bus")
    page = text(find(client, card))
    for words in ("Corner of Karrada", f"Consignment {one.pk}", "Lost on the bus", "Huda", "Frozen"):
        assert words in page
    digits = codes[0].replace(" ", "")
    assert codes[0] not in page
    assert digits not in page
    # Its end is what someone with the damaged card reads out: the page must not tell it.
    assert "Last four digits" not in page


def test_who_redeemed_a_card_is_for_who_may_see_customers(client):
    card, code = active_card()
    redeem(code, make_person("Zaynab"))
    assert "Zaynab" not in text(find(client, card))
    sign_in(client, staff(*SUPPORT, PlatformPermission.CUSTOMERS_VIEW))
    page = find(client, card)
    assert "Zaynab" in text(page)
    assert not any(page.context[name] for name in ("may_freeze", "may_unfreeze", "may_replace"))


def test_card_is_frozen_and_unfrozen_with_a_reason(client, support):
    card, _code = active_card()
    assert client.post(url("card-freeze", card.pk)).status_code == 422
    client.post(url("card-freeze", card.pk), {"reason": "Lost"})
    card.refresh_from_db()
    assert card.state == CardState.FROZEN
    page = find(client, card)
    assert (page.context["may_freeze"], page.context["may_unfreeze"]) == (False, True)
    assert client.post(url("card-freeze", card.pk), {"reason": "x"}, follow=True).redirect_chain
    client.post(url("card-unfreeze", card.pk), {"reason": "Found"})
    card.refresh_from_db()
    assert card.state == CardState.ACTIVE
    events = card.batch.events.filter(scope="card").values_list("actor", "reason")
    assert list(events) == [(support.pk, "Lost"), (support.pk, "Found")]


def test_second_freeze_says_that_the_card_has_changed(client):
    card, _code = active_card()
    freeze_card(card=card, actor=make_person(), reason="Lost")
    answer = client.post(url("card-freeze", card.pk), {"reason": "x"}, follow=True)
    assert "has changed meanwhile" in text(answer)


def test_page_says_why_a_card_stays_frozen(client):
    card, _code = active_card()
    ask_for(card)
    assert "until the request to replace it is decided" in text(find(client, card))
    batch, _codes = make_received_batch(cards=2)
    freeze_range(consignment=activate(send(batch, 0, 1, shop=make_shop())), actor=make_person(), reason="x")
    assert "Its range is frozen" in text(find(client, batch.cards.earliest("number")))
    own, _code = active_card()
    freeze_card(card=own, actor=make_person(), reason="Lost")
    drafter = own.batch.drafted_by
    drafter.user_permissions.set(staff(*SUPPORT).user_permissions.all())
    sign_in(client, type(drafter).objects.get(pk=drafter.pk))
    assert "someone else has to unfreeze it" in text(find(client, own))
    answer = client.post(url("card-unfreeze", own.pk), {"reason": "x"}, follow=True)
    assert "Someone else has to do this" in text(answer)
    own.refresh_from_db()
    assert own.state == CardState.FROZEN


def test_who_only_looks_has_no_buttons(client):
    card, _code = active_card()
    freeze_card(card=card, actor=make_person(), reason="Lost")
    sign_in(client, staff(PlatformPermission.CARDS_VIEW))
    page = find(client, card)
    assert not any(page.context[name] for name in ("may_freeze", "may_unfreeze", "may_replace", "why_not"))


# Replacing ------------------------------------------------------------------------------------


def test_damaged_card_is_asked_for_by_its_last_digits(client, support):
    card, _code = active_card()
    data = {"last_four": "0000", "reason": "Torn", "proof_seen": "Both halves"}
    if card.last_four == "0000":
        data["last_four"] = "1111"
    answer = client.post(url("card-replace", card.pk), data)
    assert answer.status_code == 422
    assert "not the last four digits" in text(answer)
    assert "Both halves" in text(answer)
    assert not CardReplacement.objects.exists()
    digits = card.last_four.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    answer = client.post(url("card-replace", card.pk), {**data, "last_four": digits}, follow=True)
    asked = CardReplacement.objects.get()
    assert (asked.requested_by, asked.proof_seen) == (support, "Both halves")
    assert "someone else decides" in text(answer)
    answer = client.post(url("card-replace", card.pk), {**data, "last_four": digits}, follow=True)
    assert "cannot be replaced" in text(answer)


def test_new_code_is_shown_once_and_kept_nowhere(client, caplog):
    card, old_code = active_card()
    asked = ask_for(card)
    sign_in(client, staff(*MANAGER))
    assert card.serial in text(client.get(url("replacements")))
    with caplog.at_level(logging.DEBUG):
        answer = client.post(url("replacement-approve", asked.pk), {"answer": "Seen"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (code,) = re.findall(r"\d{3}(?: \d{3}){5}", text(answer))
    digits = code.replace(" ", "")
    for kept in (caplog.text, *everything_in_the_database()):
        assert code not in kept
        assert digits not in kept
    again = client.post(url("replacement-approve", asked.pk), {"answer": ""}, follow=True)
    assert "cannot be replaced" in text(again)
    for page in (
        again,
        client.get(url("replacement", asked.pk)),
        find(client, Card.objects.latest("number")),
    ):
        assert code not in text(page)
        assert "In place of" in text(page) or "New card" in text(page)
    assert redeem(code).amount_points == 5_000
    with pytest.raises(CardNotRedeemable):
        redeem(old_code)


def everything_in_the_database():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in tables:
            cursor.execute(
                sql.SQL("SELECT string_agg(t::text, chr(10)) FROM {} t").format(sql.Identifier(table))
            )
            yield cursor.fetchone()[0] or ""


def test_who_asked_does_not_decide_and_sees_why(client):
    card, _code = active_card()
    both = staff(*SUPPORT, PlatformPermission.CARDS_APPROVE)
    asked = ask_for(card, both)
    sign_in(client, both)
    page = client.get(url("replacement", asked.pk))
    assert "You asked for this replacement: someone else decides." in text(page)
    assert not page.context["may_decide"]
    for step in ("approve", "refuse"):
        answer = client.post(url(f"replacement-{step}", asked.pk), {"answer": "x"}, follow=True)
        assert "Someone else has to do this" in text(answer)
    asked.refresh_from_db()
    assert asked.state == ReplacementState.REQUESTED


def test_refusal_needs_words_and_leaves_the_card_frozen(client):
    card, _code = active_card()
    asked = ask_for(card)
    sign_in(client, staff(*MANAGER))
    assert client.post(url("replacement-refuse", asked.pk), {"answer": ""}).status_code == 422
    assert client.post(url("replacement-approve", asked.pk), {"answer": "x" * 201}).status_code == 422
    answer = client.post(url("replacement-refuse", asked.pk), {"answer": "Another card"}, follow=True)
    assert "Another card" in text(answer)
    card.refresh_from_db()
    asked.refresh_from_db()
    assert (card.state, asked.state) == (CardState.FROZEN, ReplacementState.REFUSED)


def test_queue_shows_who_waits_first_and_the_index_counts_them(client):
    first, second = (ask_for(active_card()[0]) for _ in range(2))
    manager = staff(*MANAGER, PlatformPermission.STAFF_ACCESS)
    sign_in(client, manager)
    client.post(url("replacement-refuse", second.pk), {"answer": "No"})
    assert list(client.get(url("replacements")).context["page_obj"]) == [first, second]
    tiles = client.get(reverse("staff:index")).context["tiles"]
    numbers = {str(tile["counter"].label): tile["number"] for tile in tiles}
    assert numbers["Replacements to decide"] == 1


def test_empty_queue_leads_to_the_card(client):
    assert "Find a card" in text(client.get(url("replacements")))


# Alerts ---------------------------------------------------------------------------------------


def alert(scope=CounterScope.ACCOUNT, subject="", failures=12):
    return GuessingAlert.objects.create(scope=scope, subject=subject, failures=failures, hour=timezone.now())


def test_alerts_are_looked_at_with_a_note(client, support):
    guesser = make_person("Guesser")
    one = alert(subject=str(guesser.pk))
    alert(CounterScope.ADDRESS, "192.0.2.7", 101)
    alert(CounterScope.DEVICE, "f" * 32, 13)
    alert(CounterScope.GLOBAL, "", 1_001)
    page = text(client.get(url("alerts")))
    assert "192.0.2.7" in page
    assert "1,001" in page
    assert "Guesser" not in page
    answer = client.post(url("alert-seen", one.pk), {"note": ""})
    assert answer.status_code == 422
    assert client.post(url("alert-seen", one.pk), {"note": "Called them"}).status_code == 302
    one.refresh_from_db()
    assert (one.seen_by, one.note) == (support, "Called them")
    assert "Called them" not in text(client.get(url("alerts")))
    assert "Called them" in text(client.get(f"{url('alerts')}?show=all"))
    answer = client.post(url("alert-seen", one.pk), {"note": "Me too"}, follow=True)
    assert "meanwhile" in text(answer)
    with pytest.raises(AlertSeen):
        look_at_alert(alert=one, actor=support, note="x")


def test_name_behind_an_alert_is_for_who_may_see_customers(client):
    alert(subject=str(make_person("Guesser").pk))
    sign_in(client, staff(PlatformPermission.CARDS_VIEW, PlatformPermission.CUSTOMERS_VIEW))
    assert "Guesser" in text(client.get(url("alerts")))


def test_no_alert_is_said_so(client):
    assert "No alert waits" in text(client.get(url("alerts")))
