from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from points_payment.errors import (
    CardNotRedeemable,
    CardsNotStocked,
    HolderInactive,
    IdempotencyConflict,
    InvalidAmount,
    Overpaid,
    PartsLeft,
    RangeOutside,
    RangeOverlaps,
    SamePerson,
    WrongBatchState,
    WrongRangeState,
)
from points_payment.kinds import AccountKind, BatchState, CardState, ConsignmentState, TransferKind
from points_payment.models import Batch, Card, Consignment, ConsignmentEvent, Transfer
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import ranges, redemption as redeeming
from points_payment.services.batches import activate_batch, freeze_batch, unfreeze_batch, void_batch
from points_payment.services.card_states import Span
from points_payment.services.card_support import freeze_card
from points_payment.services.ranges import (
    deliver_and_activate_range,
    expire_cards,
    freeze_range,
    owed_by,
    receive_batch,
    record_shop_payment,
    return_range,
    unfreeze_range,
    void_range,
)
from points_payment.services.redemption import redeem_card
from tests.factories.points import (
    from_device,
    make_active_batch,
    make_batch,
    make_person,
    new_key,
)
from tests.factories.supply import activate, make_distributor, make_received_batch, make_shop, send
from tests.points_payment.test_races import at_once, redemption

pytestmark = pytest.mark.django_db


def redeem(code, customer=None):
    return redeem_card(
        customer=customer or make_person(), code=code, idempotency_key=new_key(), attempt=from_device()
    )


def states() -> list[str]:
    return list(Card.objects.order_by("number").values_list("state", flat=True))


def step(service, consignment, **numbers):
    return service(consignment=consignment, actor=make_person("Desk"), reason="Because", **numbers)


# Sending --------------------------------------------------------------------------------


def test_batch_arrives_once_and_only_from_the_printer():
    with pytest.raises(WrongBatchState):
        receive_batch(batch=make_batch(), actor=make_person())
    batch, _codes = make_received_batch(cards=2)
    assert batch.state == BatchState.RECEIVED
    with pytest.raises(WrongBatchState):
        receive_batch(batch=batch, actor=make_person())


def test_sent_cards_are_neither_owed_nor_redeemable():
    batch, codes = make_received_batch(cards=4)
    shop = make_shop()
    one = send(batch, 0, 1, shop=shop)
    assert (one.state, one.cards, one.holder) == (ConsignmentState.SENT, 2, shop)
    assert owed_by(shop.pk) == 0
    with pytest.raises(CardNotRedeemable):
        redeem(codes[0])
    event = one.events.get()
    assert (event.cards, event.owed_points, event.actor.first_name) == (2, 0, "Desk")


@pytest.mark.parametrize(("first", "last"), [(-1, 1), (3, 4), (2, 1), (4, 9)])
def test_cards_outside_of_the_batch_are_not_sent(first, last):
    batch, _codes = make_received_batch(cards=4)
    with pytest.raises(RangeOutside) as caught:
        send(batch, first, last, shop=make_shop())
    assert (caught.value.first_number, caught.value.last_number) == (batch.first_number, batch.last_number)
    assert not Consignment.objects.exists()


@pytest.mark.parametrize(("first", "last"), [(2, 5), (0, 2), (5, 9), (3, 4), (0, 9)])
def test_no_card_is_sent_twice(first, last):
    batch, _codes = make_received_batch(cards=10)
    earlier = send(batch, 2, 5, shop=make_shop())
    with pytest.raises(RangeOverlaps) as caught:
        send(batch, first, last, distributor=make_distributor())
    assert caught.value.consignment_id == earlier.pk
    send(batch, 0, 1, shop=make_shop())
    send(batch, 6, 9, shop=make_shop())


def test_shops_get_parts_of_what_their_distributor_has():
    batch, _codes = make_received_batch(cards=10)
    distributor = make_distributor()
    whole = send(batch, 2, 7, distributor=distributor)
    part = send(batch, 2, 4, shop=make_shop(), parent=whole)
    assert part.parent == whole
    with pytest.raises(RangeOverlaps):
        send(batch, 4, 5, shop=make_shop(), parent=whole)
    with pytest.raises(RangeOutside):
        send(batch, 7, 8, shop=make_shop(), parent=whole)
    with pytest.raises(HolderInactive):
        send(batch, 5, 6, distributor=distributor, parent=whole)
    with pytest.raises(WrongRangeState):
        send(batch, 2, 2, shop=make_shop(), parent=part)


def test_frozen_distributors_range_is_not_divided():
    batch, _codes = make_received_batch(cards=4)
    whole = send(batch, 0, 3, distributor=make_distributor())
    step(freeze_range, whole)
    with pytest.raises(WrongRangeState):
        send(batch, 0, 1, shop=make_shop(), parent=whole)


def test_who_gets_no_new_cards_gets_none():
    batch, _codes = make_received_batch(cards=4)
    shop = make_shop()
    shop.is_active = False
    shop.save()
    with pytest.raises(HolderInactive):
        send(batch, 0, 1, shop=shop)
    with pytest.raises(HolderInactive):
        send(batch, 0, 1)


def test_cards_that_are_not_here_or_were_active_are_not_sent():
    with pytest.raises(WrongBatchState):
        ranges.consign_range(
            batch=make_batch(), first_number=1, last_number=1, shop=make_shop(), actor=make_person()
        )
    batch, _codes = make_active_batch(cards=3)
    with pytest.raises(CardsNotStocked) as caught:
        send(batch, 0, 1, shop=make_shop())
    assert caught.value.cards == 2


def test_database_refuses_overlaps_strangers_and_changes_by_itself():
    batch, _codes = make_received_batch(cards=10)
    shop = make_shop()
    send(batch, 2, 5, shop=shop)
    whole = send(batch, 6, 9, distributor=make_distributor())
    first = batch.first_number
    for facts in (
        {"first_number": first + 5, "last_number": first + 5, "shop": shop},
        {"first_number": first, "last_number": first - 1, "shop": shop},
        {"first_number": first, "last_number": first},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Consignment.objects.create(batch=batch, **facts)
    for facts in (
        {"first_number": first - 1, "last_number": first},
        {"first_number": first, "last_number": first + 1, "parent": whole},
    ):
        with pytest.raises(DatabaseError, match="lies within"), transaction.atomic():
            Consignment.objects.create(batch=batch, shop=shop, **facts)
    for statement in (
        "UPDATE points_payment_consignment SET last_number = last_number + 1",
        "UPDATE points_payment_consignmentevent SET reason = 'x'",
        "DELETE FROM points_payment_consignmentevent",
        "TRUNCATE points_payment_consignmentevent",
    ):
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            # Both in one go: deferred rules speak at once.
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")


# Activating -----------------------------------------------------------------------------


def test_delivered_cards_are_redeemable_and_owed_by_their_shop():
    batch, codes = make_received_batch(cards=4)
    shop = make_shop()
    one = activate(send(batch, 1, 2, shop=shop))
    assert one.state == ConsignmentState.ACTIVE
    assert Batch.objects.get().state == BatchState.ACTIVE
    assert owed_by(shop.pk) == 10_000
    assert account_points(kind=AccountKind.BATCH, owner_id=batch.pk) == 10_000
    assert redeem(codes[1]).amount_points == 5_000
    for code in (codes[0], codes[3]):
        with pytest.raises(CardNotRedeemable):
            redeem(code)
    assert states() == ["stocked", "redeemed", "active", "stocked"]
    # The batch is active now; the next range is activated without it.
    activate(send(batch, 3, 3, shop=shop))
    assert owed_by(shop.pk) == 15_000


def test_part_of_a_delivery_is_activated_and_the_rest_stays_on_its_way():
    batch, _codes = make_received_batch(cards=10)
    one = send(batch, 0, 9, shop=make_shop())
    first = batch.first_number
    done = step(deliver_and_activate_range, one, first_number=first + 3, last_number=first + 5)
    assert done.split_from == one
    pieces = list(Consignment.objects.filter(split_from=one).order_by("first_number"))
    assert [(p.first_number - first, p.last_number - first, p.state) for p in pieces] == [
        (0, 2, "sent"), (3, 5, "active"), (6, 9, "sent"),
    ]  # fmt: skip
    one.refresh_from_db()
    assert one.state == ConsignmentState.SPLIT
    with pytest.raises(WrongRangeState):
        activate(one)
    with pytest.raises(RangeOutside):
        step(deliver_and_activate_range, pieces[0], last_number=first + 3)


def test_who_drafted_the_batch_activates_none_of_it():
    batch, _codes = make_received_batch(cards=2)
    one = send(batch, 0, 1, shop=make_shop())
    with pytest.raises(SamePerson):
        deliver_and_activate_range(consignment=one, actor=batch.drafted_by)
    step(freeze_range, one)
    with pytest.raises(SamePerson):
        unfreeze_range(consignment=one, actor=batch.drafted_by, reason="x")
    assert states() == ["stocked", "stocked"]


def test_only_shops_ranges_of_a_living_batch_are_activated():
    batch, _codes = make_received_batch(cards=8)
    whole = send(batch, 0, 3, distributor=make_distributor())
    part = send(batch, 0, 1, shop=make_shop(), parent=whole)
    with pytest.raises(WrongRangeState):
        activate(whole)
    step(freeze_range, whole)
    with pytest.raises(WrongRangeState):
        activate(part)
    activate(send(batch, 4, 5, shop=make_shop()))
    later = send(batch, 6, 7, shop=make_shop())
    freeze_batch(batch=batch, actor=make_person())
    with pytest.raises(WrongBatchState):
        activate(later)


def test_range_of_void_cards_is_not_activated():
    batch, _codes = make_received_batch(cards=4)
    one = step(void_range, send(batch, 0, 1, shop=make_shop()))
    assert one.state == ConsignmentState.VOID
    again = activate(send(batch, 2, 3, shop=make_shop()))
    freeze_card(card=Card.objects.get(number=again.first_number), actor=make_person(), reason="x")
    step(return_range, again)
    third = send(batch, 2, 2, shop=make_shop())
    with pytest.raises(CardsNotStocked):
        activate(third)


def test_batch_of_which_ranges_were_sent_is_not_activated_as_a_whole():
    batch, _codes = make_received_batch(cards=4)
    send(batch, 0, 1, shop=make_shop())
    with pytest.raises(RangeOverlaps):
        activate_batch(batch=batch, actor=make_person())
    assert set(states()) == {"stocked"}


# Freezing -------------------------------------------------------------------------------


def test_frozen_range_is_not_redeemed_until_it_thaws():
    batch, codes = make_received_batch(cards=4)
    one = activate(send(batch, 0, 1, shop=make_shop()))
    other = activate(send(batch, 2, 3, shop=make_shop()))
    assert step(freeze_range, one).state == ConsignmentState.FROZEN
    assert states() == ["frozen", "frozen", "active", "active"]
    with pytest.raises(CardNotRedeemable):
        redeem(codes[0])
    redeem(codes[2])
    with pytest.raises(WrongRangeState):
        step(freeze_range, one)
    with pytest.raises(WrongRangeState):
        step(unfreeze_range, other)
    assert step(unfreeze_range, one).state == ConsignmentState.ACTIVE
    redeem(codes[0])


def test_range_that_was_stolen_on_its_way_goes_on_from_there():
    batch, _codes = make_received_batch(cards=2)
    one = send(batch, 0, 1, shop=make_shop())
    step(freeze_range, one)
    with pytest.raises(WrongRangeState):
        activate(one)
    assert step(unfreeze_range, one).state == ConsignmentState.SENT
    activate(one)


def test_distributors_range_freezes_with_its_parts():
    batch, codes = make_received_batch(cards=6)
    whole = send(batch, 0, 5, distributor=make_distributor())
    parts = [send(batch, place, place + 1, shop=make_shop(), parent=whole) for place in (0, 2, 4)]
    activate(parts[0])
    activate(parts[1])
    step(freeze_range, whole)
    assert states() == ["frozen"] * 4 + ["stocked"] * 2
    # A part may have a reason of its own, which outlives the whole's.
    step(freeze_range, parts[1])
    with pytest.raises(WrongRangeState):
        step(unfreeze_range, parts[1])
    step(unfreeze_range, whole)
    assert states() == ["active"] * 2 + ["frozen"] * 2 + ["stocked"] * 2
    redeem(codes[0])
    with pytest.raises(CardNotRedeemable):
        redeem(codes[2])
    step(unfreeze_range, parts[1])
    redeem(codes[2])


def test_part_of_a_range_is_frozen():
    batch, _codes = make_received_batch(cards=6)
    shop = make_shop()
    one = activate(send(batch, 0, 5, shop=shop))
    step(freeze_range, one, first_number=batch.first_number + 4)
    assert states() == ["active"] * 4 + ["frozen"] * 2
    assert owed_by(shop.pk) == 30_000
    assert Consignment.objects.filter(state=ConsignmentState.ACTIVE).get().cards == 4


def test_divided_range_is_not_cut():
    batch, _codes = make_received_batch(cards=6)
    whole = send(batch, 0, 5, distributor=make_distributor())
    send(batch, 0, 1, shop=make_shop(), parent=whole)
    with pytest.raises(PartsLeft):
        step(freeze_range, whole, last_number=batch.first_number + 3)


# Coming back, and the end ---------------------------------------------------------------


def test_unsold_cards_come_back_and_go_out_again():
    batch, codes = make_received_batch(cards=6)
    shop, other = make_shop(), make_shop()
    one = activate(send(batch, 0, 5, shop=shop))
    redeem(codes[1])
    first = batch.first_number
    back = step(return_range, one, first_number=first + 2)
    assert back.state == ConsignmentState.RETURNED
    assert owed_by(shop.pk) == 10_000
    assert states() == ["active", "redeemed"] + ["stocked"] * 4
    with pytest.raises(CardNotRedeemable):
        redeem(codes[2])
    activate(send(batch, 2, 5, shop=other))
    assert owed_by(other.pk) == 20_000
    redeem(codes[2])


def test_redeemed_cards_stay_owed_and_are_not_sent_again():
    batch, codes = make_received_batch(cards=3)
    shop = make_shop()
    one = activate(send(batch, 0, 2, shop=shop))
    redeem(codes[1])
    step(return_range, one)
    assert owed_by(shop.pk) == 5_000
    with pytest.raises(CardsNotStocked):
        send(batch, 0, 2, shop=make_shop())
    send(batch, 2, 2, shop=make_shop())


def test_range_that_never_was_active_comes_back_for_nothing():
    batch, _codes = make_received_batch(cards=2)
    step(return_range, send(batch, 0, 1, shop=make_shop()))
    assert not Transfer.objects.exists()
    send(batch, 0, 1, distributor=make_distributor())


def test_frozen_and_divided_ranges_do_not_come_back():
    batch, _codes = make_received_batch(cards=4)
    whole = send(batch, 0, 3, distributor=make_distributor())
    part = send(batch, 0, 1, shop=make_shop(), parent=whole)
    with pytest.raises(PartsLeft):
        step(return_range, whole)
    step(freeze_range, part)
    with pytest.raises(WrongRangeState):
        step(return_range, part)
    step(unfreeze_range, part)
    step(return_range, part)
    step(return_range, whole)


def test_void_range_is_worthless_and_owed_no_more():
    batch, codes = make_received_batch(cards=6)
    shops = [make_shop(), make_shop()]
    whole = send(batch, 0, 4, distributor=make_distributor())
    for place, shop in enumerate(shops):
        activate(send(batch, place * 2, place * 2 + 1, shop=shop, parent=whole))
    redeem(codes[0])
    freeze_card(card=Card.objects.order_by("number")[2], actor=make_person(), reason="x")
    step(freeze_range, whole)
    step(void_range, whole)
    assert states() == ["redeemed"] + ["void"] * 4 + ["stocked"]
    assert [owed_by(shop.pk) for shop in shops] == [5_000, 0]
    assert Transfer.objects.filter(kind=TransferKind.CARD_VOID).count() == 1
    assert Counter(Consignment.objects.values_list("state", flat=True)) == {"void": 3}
    with pytest.raises(WrongRangeState):
        step(void_range, whole)


def test_stolen_part_of_a_frozen_range_can_be_voided():
    batch, _codes = make_received_batch(cards=4)
    whole = send(batch, 0, 3, distributor=make_distributor())
    part = activate(send(batch, 0, 1, shop=make_shop(), parent=whole))
    step(freeze_range, whole)
    step(void_range, part)
    step(unfreeze_range, whole)
    assert states() == ["void", "void", "stocked", "stocked"]


def test_voided_batch_is_owed_by_no_shop():
    batch, codes = make_received_batch(cards=6)
    shop = make_shop()
    activate(send(batch, 0, 2, shop=shop))
    send(batch, 3, 4, distributor=make_distributor())
    redeem(codes[0])
    void_batch(batch=batch, actor=make_person(), reason="Lost")
    assert owed_by(shop.pk) == 5_000
    assert account_points(kind=AccountKind.BATCH, owner_id=batch.pk) == 0
    assert states() == ["redeemed"] + ["void"] * 5
    assert set(Consignment.objects.values_list("state", flat=True)) == {"void"}


def test_cards_expire_the_day_after_their_last_and_once():
    batch, codes = make_received_batch(cards=8)
    shop = make_shop()
    one = activate(send(batch, 0, 3, shop=shop))
    frozen = activate(send(batch, 4, 5, shop=shop))
    step(freeze_range, frozen)
    step(void_range, send(batch, 6, 6, shop=shop))
    redeem(codes[0])
    forever, _codes = make_active_batch(cards=1)
    Batch.objects.filter(pk=forever.pk)
    assert expire_cards(today=batch.expires_on) == 0
    day = batch.expires_on + timedelta(days=1)
    freeze_batch(batch=forever, actor=make_person())
    unfreeze_batch(batch=forever, actor=make_person())
    assert expire_cards(today=day) == 6 + 1
    assert states()[:8] == ["redeemed"] + ["expired"] * 5 + ["void", "expired"]
    assert account_points(kind=AccountKind.BREAKAGE) == 5 * 5_000 + 5_000
    # What the shop sold, it sold.
    assert owed_by(shop.pk) == 30_000
    one.refresh_from_db()
    assert one.state == ConsignmentState.EXPIRED
    assert batch.events.last().actor is None
    assert expire_cards(today=day) == 0


def test_batch_that_was_never_active_expires_without_money():
    batch, _codes = make_received_batch(cards=2)
    assert expire_cards(today=batch.expires_on + timedelta(days=1)) == 2
    assert not Transfer.objects.exists()


def test_batch_that_another_expired_meanwhile_is_left_alone():
    batch, _codes = make_received_batch(cards=2)
    day = batch.expires_on + timedelta(days=1)
    expire_cards(today=day)
    assert ranges._expire_batch(batch.pk, day) == 0


# Payments -------------------------------------------------------------------------------


def pay(shop, points, actor=None, **facts):
    facts = {"reference": "R-1", "idempotency_key": new_key(), **facts}
    return record_shop_payment(shop=shop, amount_points=points, actor=actor or make_person(), **facts)


def test_payment_moves_the_debt_to_who_collected_it():
    batch, _codes = make_received_batch(cards=4)
    shop, collector = make_shop(), make_person("Hadi")
    activate(send(batch, 0, 3, shop=shop))
    pay(shop, 15_000, collector)
    assert owed_by(shop.pk) == 5_000
    assert account_points(kind=AccountKind.COLLECTIONS, owner_id=collector.pk) == -15_000
    with pytest.raises(Overpaid) as caught:
        pay(shop, 5_001)
    assert caught.value.owed_points == 5_000
    pay(shop, 5_000)
    with pytest.raises(Overpaid) as caught:
        pay(shop, 1)
    assert caught.value.owed_points == 0


def test_payment_is_made_once_per_key():
    batch, _codes = make_received_batch(cards=2)
    shop, collector = make_shop(), make_person()
    activate(send(batch, 0, 1, shop=shop))
    first = pay(shop, 10_000, collector, idempotency_key="k")
    assert pay(shop, 10_000, collector, idempotency_key="k") == first
    with pytest.raises(IdempotencyConflict):
        pay(shop, 9_000, collector, idempotency_key="k")
    assert owed_by(shop.pk) == 0


@pytest.mark.parametrize(("points", "reference"), [(0, "R"), (-1, "R"), (1, ""), (1, "  ")])
def test_payment_needs_an_amount_and_a_reference(points, reference):
    with pytest.raises(InvalidAmount):
        pay(make_shop(), points, reference=reference)


def test_shop_that_paid_for_what_came_back_has_it_to_its_credit():
    batch, _codes = make_received_batch(cards=4)
    shop = make_shop()
    one = activate(send(batch, 0, 1, shop=shop))
    pay(shop, 10_000)
    step(return_range, one)
    assert owed_by(shop.pk) == -10_000
    with pytest.raises(Overpaid):
        pay(shop, 1)
    activate(send(batch, 0, 2, shop=shop))
    assert owed_by(shop.pk) == 5_000


# Proof ----------------------------------------------------------------------------------


def tamper(*statements):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        ("UPDATE points_payment_consignment SET state = 'frozen'", {"consignments"}),
        ("UPDATE points_payment_consignment SET shop_id = shop_id + 1", {"consignments", "shops"}),
        ("UPDATE points_payment_consignmentevent SET reason = 'x'", {"consignments"}),
        ("UPDATE points_payment_consignmentevent SET owed_points = 7 WHERE owed_points > 0", {"shops"}),
        ("UPDATE points_payment_batchevent SET scope = 'card' WHERE scope = 'range'", {"batches"}),
        ("UPDATE points_payment_batchevent SET consignment_id = NULL", {"batches"}),
        ("DELETE FROM points_payment_batchevent WHERE scope = 'range'", {"cards-unchanged"}),
        ("UPDATE points_payment_batchevent SET state = 'frozen' WHERE scope = 'range'", {"batch-events"}),
        (
            "UPDATE points_payment_card SET state = 'active' WHERE state = 'stocked'",
            {"cards-unchanged", "cards-money"},
        ),
        ("DELETE FROM points_payment_consignment", {"consignments", "shops"}),
    ],
)
def test_what_was_tampered_with_is_named(tampered_books, statement, checks):
    batch, _codes = make_received_batch(cards=4)
    activate(send(batch, 0, 2, shop=make_shop()))
    assert prove() == []
    tamper(statement)
    assert {finding.check for finding in prove()} >= checks


def test_payment_to_a_stranger_is_named(tampered_books):
    from points_payment.services.ledger import Posting, post_transfer

    post_transfer(
        kind=TransferKind.SHOP_PAYMENT, idempotency_key="k", actor_id=make_person().pk,
        postings=[Posting(AccountKind.COLLECTIONS, 999, -5), Posting(AccountKind.SHOP, 1, 5)],
    )  # fmt: skip
    assert [finding.check for finding in prove()] == ["shops"]


def test_span_knows_what_lies_within_it():
    assert Span(1, 2, 3) in Span(1, 1, 3)
    assert Span(2, 2, 3) not in Span(1, 1, 3)
    assert Span(1, 0, 2) not in Span(1, 1, 3)


# Races ----------------------------------------------------------------------------------

race = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def pytest_race(function):
    for mark in race:
        function = mark(function)
    return function


@pytest_race
@pytest.mark.parametrize("service", [freeze_range, void_range, return_range])
def test_no_card_is_redeemed_after_its_range_was_closed(service):
    batch, codes = make_received_batch(cards=20, value=100)
    one = activate(send(batch, 0, 19, shop=make_shop()))
    customers, closer = [make_person() for _ in codes], make_person()
    jobs = [
        redemption(customer, code, place)
        for place, (customer, code) in enumerate(zip(customers, codes, strict=True))
    ]
    jobs.insert(10, lambda: service(consignment=one, actor=closer, reason="Stolen"))
    ends = at_once(jobs)
    redeemed = Card.objects.filter(state=CardState.REDEEMED).count()
    assert (
        ends == {"done": redeemed + 1, "CardNotRedeemable": 20 - redeemed} if redeemed < 20 else {"done": 21}
    )
    assert not Card.objects.filter(state=CardState.ACTIVE).exists()


@pytest_race
@pytest.mark.parametrize(("service", "moves_points"), [(freeze_range, False), (void_range, True)])
def test_without_the_cards_lock_a_card_is_redeemed_after_its_range_was_closed(
    monkeypatch, tampered_books, service, moves_points
):
    """Negative control: it is the card's lock, and the look at the range after it, that keep thieves out."""
    batch, codes = make_received_batch(cards=1)
    one = activate(send(batch, 0, 0, shop=make_shop()))
    customer, closer = make_person(), make_person()
    looked, closed = threading.Event(), threading.Event()

    def look_without_lock(*, hmacs):
        card = Card.objects.filter(code_hmac__in=hmacs).first()
        looked.set()
        closed.wait(30)
        return card

    def close():
        looked.wait(30)
        service(consignment=one, actor=closer, reason="Stolen")
        closed.set()

    monkeypatch.setattr(redeeming, "lock_card", look_without_lock)
    monkeypatch.setattr(redeeming, "is_open", lambda card: True)
    assert at_once([redemption(customer, codes[0], 1), close]) == {"done": 2}
    assert Card.objects.get().state == CardState.REDEEMED
    # A thief has the points either way; only where the value was taken back do the books show it.
    assert bool(prove()) is moves_points


@pytest_race
def test_activations_at_once_are_one():
    batch, _codes = make_received_batch(cards=5)
    shop = make_shop()
    one = send(batch, 0, 4, shop=shop)
    people = [make_person() for _ in range(8)]
    ends = at_once([lambda p=p: deliver_and_activate_range(consignment=one, actor=p) for p in people])
    assert ends == {"done": 1, "WrongRangeState": 7}
    assert owed_by(shop.pk) == 25_000


@pytest_race
def test_without_locks_two_activations_both_begin(monkeypatch):
    """Negative control: they meet, and only the transfer's key keeps the shop from owing twice."""
    batch, _codes = make_received_batch(cards=5)
    shop = make_shop()
    one = send(batch, 0, 4, shop=shop)
    people = [make_person() for _ in range(2)]
    meet, begun = threading.Barrier(2), []

    def begin(consignment, **_facts):
        found = Consignment.objects.get(pk=consignment.pk)
        meet.wait(30)
        begun.append(found.state)
        return Batch.objects.get(pk=found.batch_id), found

    monkeypatch.setattr(ranges, "_begin", begin)
    ends = at_once([lambda p=p: deliver_and_activate_range(consignment=one, actor=p) for p in people])
    assert begun == [ConsignmentState.SENT] * 2
    assert ends == {"done": 1, "CardsNotStocked": 1}
    assert owed_by(shop.pk) == 25_000


@pytest_race
def test_overlapping_consignments_at_once_are_one():
    batch, _codes = make_received_batch(cards=20)
    shop = make_shop()
    ends = at_once([lambda p=p: send(batch, p, p + 10, shop=shop) for p in range(8)])
    assert ends == {"done": 1, "RangeOverlaps": 7}


@pytest_race
def test_without_the_batchs_lock_the_database_still_refuses_the_overlap(monkeypatch, tampered_books):
    """Negative control: without lock and constraint both would have the cards."""
    batch, _codes = make_received_batch(cards=20)
    shop = make_shop()
    meet = threading.Barrier(2)
    look = ranges.overlapping

    def look_and_wait(*args, **facts):
        found = look(*args, **facts)
        meet.wait(30)
        return found

    monkeypatch.setattr(ranges, "lock_batch", lambda pk: Batch.objects.get(pk=pk))
    monkeypatch.setattr(ranges, "overlapping", look_and_wait)
    jobs = [lambda p=p: send(batch, p, p + 10, shop=shop) for p in range(2)]
    assert at_once(jobs) == {"done": 1, "IntegrityError": 1}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE points_payment_consignment DROP CONSTRAINT points_consigned_once")
    Consignment.objects.update(state=ConsignmentState.RETURNED)
    try:
        assert at_once(jobs) == {"done": 2}
    finally:
        restore_constraint()


def restore_constraint():
    from django.apps import apps

    model = apps.get_model("points_payment", "Consignment")
    Consignment.objects.update(state=ConsignmentState.RETURNED)
    constraint = next(c for c in model._meta.constraints if c.name == "points_consigned_once")
    with connection.schema_editor() as editor:
        editor.add_constraint(model, constraint)


@pytest_race
def test_payments_of_one_debt_at_once_are_one():
    batch, _codes = make_received_batch(cards=2)
    shop = make_shop()
    activate(send(batch, 0, 1, shop=shop))
    people = [make_person() for _ in range(6)]
    assert at_once([lambda p=p: pay(shop, 10_000, p) for p in people]) == {"done": 1, "Overpaid": 5}
    assert owed_by(shop.pk) == 0


@pytest_race
def test_everything_at_once_proves():
    batch, codes = make_received_batch(cards=40, value=100)
    shops = [make_shop() for _ in range(4)]
    parts = [activate(send(batch, place * 10, place * 10 + 9, shop=shop)) for place, shop in enumerate(shops)]
    people = [make_person() for _ in range(40)]
    jobs = [redemption(people[place], code, place) for place, code in enumerate(codes)]
    for place, service in enumerate((freeze_range, void_range, return_range, freeze_range)):
        jobs.insert(
            place * 9, lambda s=service, c=parts[place]: s(consignment=c, actor=people[0], reason="x")
        )
    jobs.append(lambda: freeze_batch(batch=batch, actor=people[1]))
    ends = at_once(jobs)
    assert set(ends) <= {"done", "CardNotRedeemable"}
    assert ConsignmentEvent.objects.filter(state__in=["frozen", "void", "returned"]).count() == 4
    assert timezone.localdate() < batch.expires_on
