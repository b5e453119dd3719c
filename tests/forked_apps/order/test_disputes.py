"""Something is wrong: who may say what when, what silence means, and that no point moves before its time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from forked_apps.order.dispute_errors import (
    AlreadyDecided,
    AppealTimeOver,
    DisputeOpen,
    IllegalDisputeStep,
    IllegalRemedy,
    NotDisputable,
    OfferChanged,
    OwnDispute,
    RemedyNotPossible,
    SamePersonDecides,
    TooEarlyToEscalate,
)
from forked_apps.order.dispute_models import (
    Dispute,
    DisputeEvent,
    DisputeMessage,
    DisputeReason,
    DisputeState,
    DisputeStep,
    Remedy,
    RemedyKind,
)
from forked_apps.order.dispute_rules import reasons_now
from forked_apps.order.errors import PiecesNotThere, ReturnOpen
from forked_apps.order.handover import handover_code
from forked_apps.order.models import Order, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import ReturnReason, Side
from forked_apps.order.services.arbitration import ask_for_evidence
from forked_apps.order.services.cancellation import cancel_by_vendor
from forked_apps.order.services.delivery import (
    assume_deliveries,
    complete_due,
    complete_vendor_order,
    hand_over,
    mark_delivered,
)
from forked_apps.order.services.dispute_deadlines import _advance, advance_disputes
from forked_apps.order.services.disputes import (
    accept_offer,
    appeal_dispute,
    confirm_replacement,
    escalate_dispute,
    make_offer,
    open_dispute,
    refuse_dispute,
    withdraw_dispute,
    write_dispute_message,
)
from forked_apps.order.services.returns import open_return, refuse_return
from marketplace.users.models import User
from points_payment.kinds import AccountKind
from points_payment.selectors import account_points
from tests.factories.catalogue import VendorFactory
from tests.factories.disputes import (
    answer,
    decide,
    delivered,
    dispute,
    escalate,
    make_disputable_order,
    overdue,
    ready_to_decide,
    refuse,
    shipped,
)
from tests.factories.orders import CustomerFactory
from tests.factories.vendors import a_member

pytestmark = pytest.mark.django_db
D, R, K, S, P = DisputeState, DisputeReason, RemedyKind, VendorOrderStatus, DisputeStep


@pytest.fixture
def order() -> Order:
    return make_disputable_order()


@pytest.fixture
def part(order: Order) -> VendorOrder:
    return delivered(order)


def later(**length: int):
    return timezone.now() + timedelta(**length)


def balance(part: VendorOrder) -> int:
    return User.objects.get(pk=part.order.user_id).point_balance


def state(one: Dispute) -> str:
    return Dispute.objects.get(pk=one.pk).state


def steps(one: Dispute) -> list[str]:
    return [event.step for event in one.events.all()]


def offer(one: Dispute, kind: RemedyKind = K.REFUND, **facts: object) -> Remedy:
    vendor = one.vendor_order.vendor
    return make_offer(
        vendor=vendor, actor=CustomerFactory(), dispute=one, kind=kind, reason="Sorry.", **facts
    )  # type: ignore[arg-type]


def accept(one: Dispute, offered: Remedy) -> Dispute:
    return accept_offer(customer=one.vendor_order.order.user, dispute=one, offer_id=offered.pk)


# When it may be reported ------------------------------------------------------------------
def test_nothing_is_wrong_before_the_promised_day_is_over(order: Order) -> None:
    part = order.vendor_orders.get()
    assert reasons_now(part) == set()
    with pytest.raises(NotDisputable):
        dispute(part, reason=R.NOT_DELIVERED)
    part = overdue(part, days=0)
    assert reasons_now(part) == set()
    assert reasons_now(part, now=later(days=1)) == {R.NOT_DELIVERED, R.OTHER}


def test_goods_are_disputed_from_their_departure_until_the_window_ends(order: Order) -> None:
    part = shipped(order)
    assert reasons_now(part) == {R.NOT_AS_DESCRIBED, R.DAMAGED, R.WRONG_OR_MISSING, R.OTHER}
    mark_delivered(vendor=part.vendor, actor=order.user, vendor_order=part)
    part.refresh_from_db()
    assert reasons_now(part) == set(R) - {R.RETURN}
    assert reasons_now(part, now=later(days=29)) == set(R) - {R.RETURN}
    assert reasons_now(part, now=later(days=31)) == set()
    # A reserve that is longer than the window keeps the door open.
    part.release_on = timezone.localdate() + timedelta(days=40)
    assert reasons_now(part, now=later(days=31)) == set(R) - {R.RETURN}


def test_the_buyer_s_own_code_says_that_it_arrived(order: Order) -> None:
    part = shipped(order)
    hand_over(vendor=part.vendor, actor=order.user, vendor_order=part, code=handover_code(part))
    part.refresh_from_db()
    assert R.NOT_DELIVERED not in reasons_now(part)
    assert R.DAMAGED in reasons_now(part)


def test_a_refused_return_is_contested_for_a_week_more(part: VendorOrder) -> None:
    asked = open_return(
        customer=part.order.user, vendor_order=part, quantities={part.lines.first().pk: 1},
        reason=ReturnReason.DAMAGED, description="Broken",
    )  # fmt: skip
    with pytest.raises(ReturnOpen):
        dispute(part)
    refuse_return(vendor=part.vendor, asked=asked, answer="No")
    assert R.RETURN in reasons_now(part)
    long_ago = timezone.now() - timedelta(days=90)
    VendorOrder.objects.filter(pk=part.pk).update(delivered_at=long_ago, release_on=long_ago.date())
    part = VendorOrder.objects.get(pk=part.pk)
    assert reasons_now(part, now=later(days=6)) == {R.RETURN}
    assert reasons_now(part, now=later(days=8)) == set()


def test_what_is_cancelled_or_given_back_is_not_disputed(order: Order, part: VendorOrder) -> None:
    other = make_disputable_order().vendor_orders.get()
    cancel_by_vendor(vendor=other.vendor, actor=order.user, vendor_order=other, reason="Broken")
    other = overdue(other)
    with pytest.raises(NotDisputable):
        dispute(other, reason=R.NOT_DELIVERED)
    with pytest.raises(PiecesNotThere):
        dispute(part, {part.lines.first().pk: 4})
    with pytest.raises(PiecesNotThere):
        open_dispute(
            customer=part.order.user, vendor_order=part, quantities={}, reason=R.DAMAGED, description="?"
        )
    assert not Dispute.objects.exists()


def test_one_thing_at_a_time(part: VendorOrder) -> None:
    dispute(part)
    with pytest.raises(DisputeOpen):
        dispute(part)
    with pytest.raises(DisputeOpen):
        open_return(
            customer=part.order.user, vendor_order=part, quantities={part.lines.first().pk: 1},
            reason=ReturnReason.DAMAGED, description="Broken",
        )  # fmt: skip


# Contact ----------------------------------------------------------------------------------
def test_the_vendor_has_48_hours_and_then_the_buyer_may_ask_us(part: VendorOrder) -> None:
    one = dispute(part)
    assert one.deadline == one.escalate_from == one.opened_at + timedelta(hours=48)
    with pytest.raises(TooEarlyToEscalate):
        escalate(one, now=later(hours=47))
    assert advance_disputes(now=later(hours=47)) == 0
    assert advance_disputes(now=later(hours=49)) == 1
    assert steps(one) == [P.OPENED, P.MAY_ESCALATE]
    assert state(one) == D.CONTACTING
    escalated = escalate(one, now=later(hours=50))
    assert (escalated.state, escalated.awaits_buyer, escalated.awaits_vendor) == (D.EVIDENCE, False, True)


def test_a_vendor_that_refuses_may_be_taken_to_us_at_once(part: VendorOrder) -> None:
    one = refuse(dispute(part))
    assert escalate(one, text="").state == D.EVIDENCE
    one.refresh_from_db()
    assert one.awaits_buyer
    assert one.awaits_vendor
    assert one.deadline
    assert timedelta(hours=71) < one.deadline - timezone.now() <= timedelta(hours=72)


def test_a_buyer_who_does_not_go_on_lets_it_drop(part: VendorOrder) -> None:
    before = balance(part)
    silent, refused = dispute(part), None
    advance_disputes(now=later(hours=49))
    assert advance_disputes(now=later(hours=49 + 24 * 7 + 1)) == 1
    assert state(silent) == D.LAPSED
    refused = refuse(dispute(part))
    assert advance_disputes(now=later(days=6)) == 0
    assert advance_disputes(now=later(days=8)) == 1
    assert state(refused) == D.LAPSED
    assert balance(part) == before
    # What lapsed may be reported again while there is time.
    assert dispute(part).number == f"{part.number}-D3"


def test_an_offer_can_become_a_better_one_and_only_the_last_is_accepted(part: VendorOrder) -> None:
    one, line = dispute(part), part.lines.first()
    first = offer(one, K.PARTIAL, points={line.pk: 100})
    second = offer(one, K.PARTIAL, points={line.pk: 200}, shipping_points=50)
    before = balance(part)
    with pytest.raises(OfferChanged):
        accept(one, first)
    assert balance(part) == before
    assert accept(one, second).state == D.AGREED
    assert balance(part) == before + 250
    with pytest.raises(IllegalDisputeStep):
        accept(one, second)
    assert balance(part) == before + 250


def test_offers_that_could_not_be_kept_are_refused(order: Order) -> None:
    part = shipped(order)
    three, one_piece = part.lines.order_by("pk")
    one = dispute(part, {three.pk: 1})
    for facts in (
        {"points": {three.pk: 3_001}},
        {"points": {one_piece.pk: 1}},
        {"points": {three.pk: -1}},
        {"points": {}, "shipping_points": 5_001},
        {"points": {}},
    ):
        with pytest.raises(IllegalRemedy):
            offer(one, K.PARTIAL, **facts)
    with pytest.raises(RemedyNotPossible):
        offer(one, K.RETURN)
    with pytest.raises(IntegrityError), transaction.atomic():
        offer(one, K.NOTHING)
    assert not Remedy.objects.exists()
    assert state(one) == D.CONTACTING


def test_a_replacement_is_waited_for(part: VendorOrder) -> None:
    before = balance(part)
    one = dispute(part)
    assert accept(one, offer(one, K.REPLACEMENT)).state == D.REPLACING
    with pytest.raises(TooEarlyToEscalate):
        escalate(one, now=later(days=13))
    assert confirm_replacement(customer=part.order.user, dispute=one).state == D.AGREED
    again = dispute(part)
    accept(again, offer(again, K.REPLACEMENT))
    assert escalate(again, now=later(days=15)).state == D.EVIDENCE
    with pytest.raises(IllegalDisputeStep):
        confirm_replacement(customer=part.order.user, dispute=again)
    assert balance(part) == before


def test_who_is_content_withdraws(part: VendorOrder) -> None:
    one = dispute(part)
    assert complete_due(today=part.release_on) == 0
    withdraw_dispute(customer=part.order.user, dispute=one)
    assert complete_due(today=part.release_on) == 1
    with pytest.raises(IllegalDisputeStep):
        write_dispute_message(dispute=one, side=Side.VENDOR, author=CustomerFactory(), text="Thanks")


# Evidence and decision --------------------------------------------------------------------
def test_a_silent_vendor_loses_and_may_still_appeal(part: VendorOrder) -> None:
    before = balance(part)
    one = escalate(refuse(dispute(part)))
    assert advance_disputes(now=later(hours=71)) == 0
    assert advance_disputes(now=later(hours=73)) == 1
    one.refresh_from_db()
    assert one.state == D.DECIDED
    decision = one.remedies.get()
    assert (decision.kind, decision.actor, bool(decision.words)) == (K.REFUND, None, True)
    assert balance(part) == before
    assert advance_disputes(now=later(hours=73, days=4)) == 0
    assert advance_disputes(now=later(hours=74, days=5)) == 1
    assert state(one) == D.FOR_BUYER
    assert balance(part) == before + part.total_points


def test_a_silent_buyer_drops_it(part: VendorOrder) -> None:
    before = balance(part)
    one = escalate(refuse(dispute(part)), text="")
    answer(one)
    assert steps(one)[-1] == P.GAVE_EVIDENCE
    assert advance_disputes(now=later(hours=73)) == 1
    assert state(one) == D.LAPSED
    assert balance(part) == before


def test_both_silent_is_a_silent_buyer(part: VendorOrder) -> None:
    one = escalate(refuse(dispute(part)), text="")
    advance_disputes(now=later(hours=73))
    assert state(one) == D.LAPSED


def test_staff_ask_one_side_for_more(part: VendorOrder) -> None:
    one = ready_to_decide(part)
    assert one.state == D.DECIDING
    # Nothing happens by itself while staff have it.
    assert advance_disputes(now=later(days=99)) == 0
    ask_for_evidence(actor=CustomerFactory(), dispute=one, sides=[Side.VENDOR], question="A slip?")
    one.refresh_from_db()
    assert (one.state, one.awaits_buyer, one.awaits_vendor) == (D.EVIDENCE, False, True)
    with pytest.raises(IllegalDisputeStep):
        decide(one)
    write_dispute_message(dispute=one, side=Side.BUYER, author=part.order.user, text="Nothing to add")
    assert state(one) == D.EVIDENCE
    answer(one)
    assert state(one) == D.DECIDING
    assert DisputeMessage.objects.filter(is_evidence=True).count() == 3


def test_only_staff_ask_for_more_evidence(part: VendorOrder) -> None:
    one = ready_to_decide(part)
    with pytest.raises(IllegalDisputeStep):
        escalate(one)
    assert state(one) == D.DECIDING


def test_nothing_moves_until_the_time_for_an_appeal_is_over(part: VendorOrder) -> None:
    before = balance(part)
    one = decide(ready_to_decide(part))
    assert (one.state, balance(part)) == (D.DECIDED, before)
    assert complete_due(today=part.release_on) == 0
    with pytest.raises(IllegalDisputeStep):
        withdraw_dispute(customer=part.order.user, dispute=one)
    with pytest.raises(IllegalDisputeStep):
        decide(one, K.NOTHING)
    assert advance_disputes(now=later(days=4)) == 0
    assert advance_disputes(now=later(days=6)) == 1
    assert (state(one), balance(part)) == (D.FOR_BUYER, before + part.total_points)
    assert advance_disputes(now=later(days=60)) == 0
    assert balance(part) == before + part.total_points


def test_an_appeal_is_decided_by_somebody_else_and_final(part: VendorOrder) -> None:
    before, first, second = balance(part), CustomerFactory(), CustomerFactory()
    one = decide(ready_to_decide(part), by=first)
    appealed = appeal_dispute(dispute=one, actor=CustomerFactory(), vendor=part.vendor, text="The film of it")
    assert (appealed.state, appealed.appealed_by) == (D.APPEALED, Side.VENDOR)
    assert advance_disputes(now=later(days=60)) == 0
    with pytest.raises(SamePersonDecides) as refused:
        decide(one, by=first)
    assert refused.value.code == "same_person"
    with pytest.raises(IllegalDisputeStep):
        appeal_dispute(dispute=one, actor=part.order.user, customer=part.order.user, text="Me too")
    assert decide(one, K.NOTHING, by=second).state == D.FOR_VENDOR
    assert balance(part) == before
    assert complete_due(today=part.release_on) == 1
    with pytest.raises(IllegalDisputeStep):
        decide(one, by=CustomerFactory())


def test_an_appeal_that_is_won_is_paid_at_once(part: VendorOrder) -> None:
    before = balance(part)
    one = decide(ready_to_decide(part), K.NOTHING)
    appeal_dispute(dispute=one, actor=part.order.user, customer=part.order.user, text="Another photo")
    decide(one)
    assert (state(one), balance(part)) == (D.FOR_BUYER, before + part.total_points)


def test_an_appeal_comes_in_time(part: VendorOrder) -> None:
    one = decide(ready_to_decide(part))
    with pytest.raises(AppealTimeOver):
        appeal_dispute(
            dispute=one, actor=CustomerFactory(), vendor=part.vendor, text="Late", now=later(days=6)
        )
    with pytest.raises(TypeError):
        appeal_dispute(dispute=one, actor=CustomerFactory(), text="Nobody's")


def test_nobody_decides_about_their_own(part: VendorOrder) -> None:
    one, member = ready_to_decide(part), a_member(part.vendor)
    for person in (part.order.user, member):
        with pytest.raises(OwnDispute):
            decide(one, by=person)
        with pytest.raises(OwnDispute):
            ask_for_evidence(actor=person, dispute=one, sides=[Side.BUYER], question="?")
    assert state(one) == D.DECIDING


def test_what_is_decided_is_not_reported_again(part: VendorOrder) -> None:
    decide(ready_to_decide(part, pieces={part.lines.first().pk: 1}), K.NOTHING)
    advance_disputes(now=later(days=6))
    with pytest.raises(AlreadyDecided):
        dispute(part)
    assert dispute(part, {part.lines.last().pk: 1}).state == D.CONTACTING


# Frozen -----------------------------------------------------------------------------------
def test_points_wait_while_a_dispute_is_open(part: VendorOrder) -> None:
    held = account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=part.vendor_id)
    dispute(part)
    assert complete_due(today=part.release_on) == 0
    with pytest.raises(DisputeOpen) as refused:
        complete_vendor_order(vendor_order=part, actor=None)
    assert refused.value.code == "dispute_open"
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=part.vendor_id) == held


def test_what_is_said_to_be_missing_does_not_count_as_delivered(order: Order) -> None:
    part = overdue(shipped(order), days=30)
    part.parcels.update(shipped_at=timezone.now() - timedelta(days=30))
    # Another matter of this order, closed long ago, changes nothing.
    withdraw_dispute(customer=order.user, dispute=dispute(part, reason=R.DAMAGED))
    one = dispute(part, reason=R.NOT_DELIVERED)
    assert assume_deliveries() == 0
    from forked_apps.order.services.delivery import _assume

    assert _assume(part) is False
    withdraw_dispute(customer=order.user, dispute=one)
    dispute(part, reason=R.DAMAGED)
    assert assume_deliveries() == 1


def test_a_refusal_at_the_door_waits_for_the_end_of_the_dispute(order: Order) -> None:
    part = overdue(shipped(order))
    one = dispute(part, reason=R.NOT_DELIVERED)
    hand_over(
        vendor=part.vendor, actor=order.user, vendor_order=part, code=handover_code(part),
        refused={line.pk: line.quantity for line in part.lines.all()}, reason="Too late",
    )  # fmt: skip
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=part.vendor_id) == 5_000
    withdraw_dispute(customer=order.user, dispute=one)
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=part.vendor_id) == 0


# Tenants, photos, records -----------------------------------------------------------------
def test_nobody_else_touches_a_dispute(part: VendorOrder) -> None:
    stranger, other = CustomerFactory(), VendorFactory()
    with pytest.raises(VendorOrder.DoesNotExist):
        open_dispute(customer=stranger, vendor_order=part, quantities={}, reason=R.DAMAGED, description="")
    one = dispute(part)
    for attempt in (
        lambda: accept_offer(customer=stranger, dispute=one, offer_id=1),
        lambda: confirm_replacement(customer=stranger, dispute=one),
        lambda: withdraw_dispute(customer=stranger, dispute=one),
        lambda: escalate_dispute(customer=stranger, dispute=one),
        lambda: make_offer(vendor=other, actor=stranger, dispute=one, kind=K.REFUND, reason="x"),
        lambda: refuse_dispute(vendor=other, actor=stranger, dispute=one, reason="x"),
        lambda: appeal_dispute(dispute=one, actor=stranger, customer=stranger, text="x"),
        lambda: appeal_dispute(dispute=one, actor=stranger, vendor=other, text="x"),
    ):
        with pytest.raises(Dispute.DoesNotExist):
            attempt()
    assert (state(one), steps(one)) == (D.CONTACTING, [P.OPENED])


def test_photos_stay_with_what_they_were_sent_with(part: VendorOrder) -> None:
    photo = ContentFile(b"x", name="a.webp")
    one = open_dispute(
        customer=part.order.user, vendor_order=part, quantities={part.lines.first().pk: 1},
        reason=R.DAMAGED, description="Broken", photos=[photo] * 7,
    )  # fmt: skip
    assert one.photos.filter(message=None).count() == 5
    message = write_dispute_message(
        dispute=one, side=Side.VENDOR, author=CustomerFactory(), text="Ours", photos=[photo]
    )
    assert message.photos.count() == 1


def test_every_step_is_written_down_with_who_and_when(part: VendorOrder) -> None:
    staff = CustomerFactory()
    one = decide(ready_to_decide(part), by=staff)
    advance_disputes(now=later(days=6))
    found = list(one.events.values_list("step", "old_state", "new_state", "side", "points"))
    assert found == [
        (P.OPENED, "", D.CONTACTING, Side.BUYER, 0),
        (P.REFUSED, D.CONTACTING, D.REFUSED, Side.VENDOR, 0),
        (P.ESCALATED, D.REFUSED, D.EVIDENCE, Side.BUYER, 0),
        (P.READY, D.EVIDENCE, D.DECIDING, Side.VENDOR, 0),
        (P.DECIDED, D.DECIDING, D.DECIDED, Side.MARKETPLACE, 0),
        (P.CARRIED_OUT, D.DECIDED, D.FOR_BUYER, "", part.total_points),
    ]
    assert one.events.get(step=P.DECIDED).actor == staff


@pytest.mark.parametrize("model", [DisputeEvent, DisputeMessage, Remedy])
def test_the_database_keeps_the_record_as_it_is(part: VendorOrder, model: type) -> None:
    decide(ready_to_decide(part))
    for change in (
        lambda: model.objects.update(created_at=timezone.now()),
        lambda: model.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_the_database_keeps_one_open_dispute_and_whole_states(part: VendorOrder) -> None:
    one = dispute(part)
    for wrong in (
        lambda: Dispute.objects.create(
            vendor_order=part, number="x", reason="damaged", description="", escalate_from=timezone.now()
        ),
        lambda: Dispute.objects.filter(pk=one.pk).update(state=D.AGREED),
        lambda: Dispute.objects.filter(pk=one.pk).update(awaits_buyer=True),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_somebody_was_faster_between_the_look_and_the_lock(part: VendorOrder) -> None:
    assert _advance(dispute(part), now=timezone.now()) is False
