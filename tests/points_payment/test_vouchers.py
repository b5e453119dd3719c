"""Vouchers of points: who gets what, how often, and what a refusal gives away."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from points_payment.errors import (
    CardNotRedeemable,
    IdempotencyConflict,
    InvalidAmount,
    SharedCode,
    TooManyAttempts,
    VoucherCodeTaken,
    VoucherNotBegun,
    VoucherNotRedeemable,
    VoucherOver,
    VoucherPaused,
    VoucherUsed,
    VoucherUsedUp,
    WrongCampaignState,
    WrongCheckDigit,
    WrongVoucherCode,
)
from points_payment.kinds import AccountKind, AttemptOutcome, CampaignState, TransferKind, VoucherEventKind
from points_payment.models import (
    AttemptCounter,
    Lot,
    RedemptionAttempt,
    Transfer,
    Voucher,
    VoucherCampaign,
    VoucherEvent,
    VoucherRedemption,
    Wallet,
)
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import vouchers as service
from points_payment.services.code_box import redeem_code
from points_payment.services.vouchers import (
    MAX_CODES,
    hand_out_codes,
    make_codes,
    pause_campaign,
    resume_campaign,
)
from points_payment.voucher_codes import SYMBOLS, new_voucher_code
from tests.factories.points import from_device, make_active_batch, make_person, new_key
from tests.factories.vouchers import make_campaign, make_vouchers
from tests.points_payment.test_proof import tamper
from tests.points_payment.test_races import at_once

pytestmark = pytest.mark.django_db


def redeem(customer, code, *, key="", device=""):
    return redeem_code(
        customer=customer, code=code, idempotency_key=key or new_key(), attempt=from_device(device)
    )


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


def wrong_codes() -> int:
    return AttemptCounter.objects.get(scope="global").failures


# Redeeming ---------------------------------------------------------------------------------


def test_shared_code_gives_everyone_promotional_points_that_expire():
    make_campaign(shared_code="Eid-2027", value_points=2_500, lifetime_days=60)
    for _ in range(2):
        customer = make_person()
        before = timezone.now()
        redemption = redeem(customer, "eid 2027")
        assert (redemption.amount_points, redemption.balance_points) == (2_500, 2_500)
        assert before < redemption.expires_at - timedelta(days=60) < timezone.now()
        wallet = Wallet.objects.get(user=customer)
        assert (wallet.paid_points, wallet.promotional_points) == (0, 2_500)
        assert Lot.objects.get(customer=customer).expires_at == redemption.expires_at
        transfer = Transfer.objects.get(pk=redemption.transfer_id)
        assert (transfer.kind, transfer.reference, transfer.reason, transfer.actor) == (
            TransferKind.VOUCHER,
            "EID2027",
            "Ramadan",
            customer,
        )
    assert account_points(kind=AccountKind.PROMOTIONS) == -5_000
    campaign = VoucherCampaign.objects.get()
    assert (campaign.redeemed_count, campaign.left_count, campaign.given_points) == (2, 98, 5_000)
    assert campaign.budget_points == 250_000


def test_single_use_code_gives_once():
    code, other, _third = make_vouchers(make_campaign())
    alice, bob = make_person(), make_person()
    redeem(alice, code)
    with pytest.raises(VoucherNotRedeemable) as caught:
        redeem(bob, code)
    assert type(caught.value) is VoucherNotRedeemable
    redeem(bob, other)
    assert set(Wallet.objects.values_list("promotional_points", flat=True)) == {2_000}


def test_a_customer_redeems_as_often_as_the_campaign_allows_and_no_oftener():
    make_campaign(shared_code="EID2027", per_customer_limit=2)
    customer = make_person()
    for _ in range(2):
        redeem(customer, "EID2027")
    with pytest.raises(VoucherUsed):
        redeem(customer, "EID2027")
    redeem(make_person(), "EID2027")
    assert Wallet.objects.get(user=customer).promotional_points == 4_000


def test_a_campaign_gives_no_more_than_its_limit():
    make_campaign(shared_code="EID2027", total_limit=2)
    for _ in range(2):
        redeem(make_person(), "EID2027")
    late = make_person()
    with pytest.raises(VoucherUsedUp):
        redeem(late, "EID2027")
    assert late.point_balance == 0


def test_same_key_gives_the_first_answer_and_another_request_is_a_conflict():
    make_campaign(shared_code="EID2027", per_customer_limit=5)
    make_campaign(shared_code="EID2028")
    customer = make_person()
    first = redeem(customer, "EID2027", key="k")
    assert redeem(customer, "EID2027", key="k") == first
    with pytest.raises(IdempotencyConflict):
        redeem(customer, "EID2028", key="k")
    with pytest.raises(IdempotencyConflict):
        redeem(make_person(), "EID2027", key="k")
    _batch, codes = make_active_batch()
    with pytest.raises(IdempotencyConflict):
        redeem(customer, codes[0], key="k")
    assert VoucherRedemption.objects.count() == 1


def test_the_box_tells_cards_from_vouchers():
    _batch, codes = make_active_batch(value=5_000)
    make_campaign(shared_code="EID2027")
    customer = make_person()
    assert redeem(customer, codes[0]).expires_at is None
    redeem(customer, "EID2027")
    wallet = Wallet.objects.get(user=customer)
    assert (wallet.paid_points, wallet.promotional_points) == (5_000, 2_000)
    with pytest.raises(WrongCheckDigit):
        redeem(customer, "ABCD EFGH JKMN PQRS T")


# Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "pause", "error", "state"),
    [
        ({"starts_at": in_days(1)}, False, VoucherNotBegun, CampaignState.WAITING),
        ({}, False, VoucherOver, CampaignState.OVER),
        ({}, True, VoucherPaused, CampaignState.PAUSED),
    ],
)
def test_shared_code_says_why_not_and_a_single_use_code_does_not(monkeypatch, terms, pause, error, state):
    shared = make_campaign(shared_code="EID2027", **terms)
    single = make_campaign(**terms)
    [code] = make_vouchers(single, 1)
    if pause:
        for campaign in (shared, single):
            pause_campaign(campaign=campaign, actor=make_person())
    if error is VoucherOver:
        # The very moment in which both have ended.
        later = single.ends_at
        monkeypatch.setattr(service.timezone, "now", lambda: later)
    assert VoucherCampaign.objects.get(pk=shared.pk).state == state
    customer = make_person()
    with pytest.raises(error):
        redeem(customer, "EID2027")
    assert wrong_codes() == 0
    with pytest.raises(VoucherNotRedeemable) as caught:
        redeem(customer, code)
    assert type(caught.value) is VoucherNotRedeemable
    assert wrong_codes() == 1
    assert not VoucherRedemption.objects.exists()


def test_single_use_codes_past_the_limits_answer_like_unknown_ones():
    codes = make_vouchers(make_campaign(total_limit=2), 4)
    alice = make_person()
    redeem(alice, codes[0])
    for unknown_or_refused in (codes[1], new_voucher_code()):
        with pytest.raises(VoucherNotRedeemable) as caught:
            redeem(alice, unknown_or_refused)
        assert (type(caught.value), str(caught.value)) == (VoucherNotRedeemable, "")
    redeem(make_person(), codes[1])
    with pytest.raises(VoucherNotRedeemable) as caught:
        redeem(make_person(), codes[2])
    assert type(caught.value) is VoucherNotRedeemable


def test_who_redeemed_a_single_use_code_is_told_so_and_it_is_no_guess():
    [code] = make_vouchers(make_campaign(), 1)
    customer = make_person()
    redeem(customer, code)
    with pytest.raises(VoucherUsed):
        redeem(customer, code)
    assert wrong_codes() == 0


def test_wrong_vouchers_and_wrong_cards_count_as_one():
    from points_payment.codes import new_code

    customer = make_person()
    for code in (new_code(), new_voucher_code(), "NOSUCH1", new_voucher_code(), new_code()):
        with pytest.raises((CardNotRedeemable, VoucherNotRedeemable)):
            redeem(customer, code, device="d")
    with pytest.raises(VoucherNotRedeemable):
        redeem(customer, "NOSUCH2", device="d")
    make_campaign(shared_code="EID2027")
    for code in ("EID2027", new_code()):
        with pytest.raises(TooManyAttempts):
            redeem(customer, code, device="d")
    assert set(RedemptionAttempt.objects.values_list("outcome", flat=True)) == {AttemptOutcome.REFUSED}
    assert customer.point_balance == 0


def test_a_public_code_that_is_over_costs_nobody_an_attempt():
    make_campaign(shared_code="EID2027", total_limit=1)
    redeem(make_person(), "EID2027")
    customer = make_person()
    for _ in range(20):
        with pytest.raises(VoucherUsedUp):
            redeem(customer, "EID2027", device="d")
    assert set(AttemptCounter.objects.values_list("failures", flat=True)) == {0}


def test_mistyped_voucher_costs_no_attempt():
    code = new_voucher_code()
    with pytest.raises(WrongCheckDigit):
        redeem(make_person(), code[:-1] + SYMBOLS[(SYMBOLS.index(code[-1]) + 1) % 32])
    assert not RedemptionAttempt.objects.exists()


# Campaigns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "terms",
    [
        {"value_points": 0},
        {"value_points": 1_000_001},
        {"total_limit": 0},
        {"total_limit": 1_000_001},
        {"per_customer_limit": 0},
        {"per_customer_limit": 1_001},
        {"lifetime_days": 0},
        {"lifetime_days": 3_651},
        {"value_points": 1_000_000, "total_limit": 1_001},
        {"starts_at": in_days(2.001), "ends_at": in_days(2)},
        {"starts_at": in_days(-3), "ends_at": in_days(-2)},
    ],
)
def test_terms_outside_their_limits_begin_no_campaign(terms):
    with pytest.raises(InvalidAmount):
        make_campaign(**terms)
    assert not VoucherCampaign.objects.exists()


def test_terms_at_their_limits_begin_one():
    make_campaign(value_points=1_000_000, total_limit=1_000, per_customer_limit=1_000, lifetime_days=3_650)
    make_campaign(value_points=1, total_limit=1_000_000)


@pytest.mark.parametrize("code", ["EID", "2027", "EID2027EID27", "عيد2027", "EID%2027"])
def test_a_code_that_cards_or_made_codes_may_have_is_not_advertised(code):
    with pytest.raises(WrongVoucherCode):
        make_campaign(shared_code=code)


def test_a_code_belongs_to_one_campaign():
    make_campaign(shared_code="EID2027")
    with pytest.raises(VoucherCodeTaken):
        make_campaign(shared_code="eid-2027")
    assert VoucherCampaign.objects.count() == 1


def test_codes_are_made_in_sets_and_a_second_press_makes_none():
    campaign, actor = make_campaign(), make_person()
    assert make_codes(campaign=campaign, count=250, actor=actor, idempotency_key="k") == 250
    assert make_codes(campaign=campaign, count=250, actor=actor, idempotency_key="k") == 0
    with pytest.raises(IdempotencyConflict):
        make_codes(campaign=campaign, count=251, actor=actor, idempotency_key="k")
    assert make_codes(campaign=campaign, count=50, actor=actor, idempotency_key="l") == 50
    assert Voucher.objects.count() == 300


def test_codes_that_are_there_already_are_drawn_again(monkeypatch):
    monkeypatch.setattr(service, "CODES_AT_ONCE", 2)
    one, two, three = (new_voucher_code() for _ in range(3))
    drawn = iter([one, one, two, one, two, three])
    monkeypatch.setattr(service, "new_voucher_code", lambda: next(drawn))
    make_vouchers(make_campaign(), 3)
    assert set(Voucher.objects.values_list("code", flat=True)) == {one, two, three}


@pytest.mark.parametrize("count", [0, MAX_CODES + 1])
def test_too_few_or_too_many_codes_are_not_made(count):
    with pytest.raises(InvalidAmount):
        make_vouchers(make_campaign(), count)


def test_a_campaign_with_a_shared_code_gets_no_others():
    with pytest.raises(SharedCode):
        make_vouchers(make_campaign(shared_code="EID2027"))
    assert Voucher.objects.count() == 1


def test_codes_are_handed_out_with_what_became_of_them():
    campaign, actor = make_campaign(), make_person()
    codes = make_vouchers(campaign, 3)[::-1]
    redeem(make_person(), codes[1])
    rows = list(hand_out_codes(campaign=campaign, actor=actor))
    assert [code.replace("-", "") for code, _used in rows] == codes
    assert [used for _code, used in rows] == [False, True, False]
    event = VoucherEvent.objects.get(kind=VoucherEventKind.DOWNLOADED)
    assert (event.actor, event.codes) == (actor, 3)


def test_a_paused_campaign_gives_nothing_until_it_is_resumed():
    campaign, actor = make_campaign(shared_code="EID2027"), make_person()
    with pytest.raises(WrongCampaignState):
        resume_campaign(campaign=campaign, actor=actor)
    pause_campaign(campaign=campaign, actor=actor)
    with pytest.raises(WrongCampaignState):
        pause_campaign(campaign=campaign, actor=actor)
    with pytest.raises(VoucherPaused):
        redeem(make_person(), "EID2027")
    resume_campaign(campaign=campaign, actor=actor)
    redeem(make_person(), "EID2027")
    assert list(VoucherEvent.objects.values_list("kind", flat=True)) == ["created", "paused", "resumed"]


def test_states_are_those_that_customers_meet():
    campaign = make_campaign(total_limit=1)
    assert campaign.state == CampaignState.ACTIVE
    campaign.redeemed_count = 1
    assert campaign.state == CampaignState.USED_UP
    campaign.ends_at = timezone.now()
    assert campaign.state == CampaignState.OVER


# The rows themselves -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE points_payment_vouchercampaign SET value_points = 1",
        "UPDATE points_payment_vouchercampaign SET total_limit = 1000",
        "UPDATE points_payment_vouchercampaign SET redeemed_count = 0",
        "DELETE FROM points_payment_vouchercampaign",
        "UPDATE points_payment_voucher SET code = 'X'",
        "DELETE FROM points_payment_voucher",
        "DELETE FROM points_payment_voucherevent",
        "UPDATE points_payment_voucherredemption SET amount_points = 1",
        "DELETE FROM points_payment_voucherredemption",
        "TRUNCATE points_payment_voucherredemption",
    ],
)
def test_the_database_refuses_to_change_what_was_written(sql):
    make_campaign(shared_code="EID2027")
    redeem(make_person(), "EID2027")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.fixture
def redeemed(tampered_books):
    single = make_campaign(total_limit=5, per_customer_limit=2)
    codes = make_vouchers(single, 3)
    make_campaign(shared_code="EID2027")
    customer = make_person()
    for code in (codes[0], codes[1], "EID2027"):
        redeem(customer, code)
    assert prove() == []
    return customer


TABLES = {
    "campaign": "points_payment_vouchercampaign",
    "redemption": "points_payment_voucherredemption",
    "first": "id = (SELECT min(id) FROM points_payment_vouchercampaign)",
    "one": "id = (SELECT min(id) FROM points_payment_voucherredemption)",
    "last": "id = (SELECT max(id) FROM points_payment_voucher)",
}


@pytest.mark.parametrize(
    ("sql", "check", "culprit"),
    [
        ("UPDATE {campaign} SET name = 'x' WHERE {first}", "unchanged", "campaign"),
        ("UPDATE {campaign} SET is_active = false WHERE {first}", "unchanged", "campaign"),
        ("UPDATE points_payment_voucher SET code = 'X1X1' WHERE {last}", "unchanged", "voucher"),
        ("DELETE FROM points_payment_voucher WHERE {last}", "unchanged", "codes of campaign"),
        ("UPDATE points_payment_voucherevent SET codes = codes + 1", "unchanged", "event"),
        ("DELETE FROM points_payment_voucherevent", "unchanged", "campaign"),
        ("UPDATE {redemption} SET customer_id = 0 WHERE {one}", "redeemed", "redemption"),
        ("UPDATE {redemption} SET amount_points = 1 WHERE {one}", "redeemed", "voucher in"),
        ("UPDATE {redemption} SET expires_at = now() WHERE {one}", "redeemed", "voucher in"),
        ("DELETE FROM {redemption} WHERE {one}", "redeemed", "voucher in transfer"),
        ("DELETE FROM {redemption} WHERE {one}", "limits", "campaign"),
        ("DELETE FROM points_payment_lot", "redeemed", "voucher in transfer"),
        ("UPDATE {campaign} SET redeemed_count = 1 WHERE {first}", "limits", "campaign"),
        ("UPDATE {campaign} SET per_customer_limit = 1 WHERE {first}", "limits", "customer"),
        ("UPDATE {campaign} SET starts_at = now() + interval '1 d'", "limits", "redemption"),
    ],
)
def test_whoever_changes_a_voucher_behind_the_triggers_is_found(redeemed, sql, check, culprit):
    tamper(sql.format(**TABLES))
    assert [f for f in prove() if f.check == f"vouchers-{check}" and f.culprit.startswith(culprit)]


def test_a_single_use_code_that_gave_twice_is_found(redeemed):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP INDEX points_voucher_redeemed_once")
    sql = "UPDATE {redemption} SET voucher_id = (SELECT voucher_id FROM {redemption} WHERE {one})"
    tamper(sql.format(**TABLES))
    assert [f for f in prove() if f.check == "vouchers-limits" and f.culprit.startswith("voucher ")]


# Races -------------------------------------------------------------------------------------


def redemption(customer, code, key=""):
    return lambda: redeem(customer, code, key=key)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_parallel_redemptions_stop_at_the_limit():
    make_campaign(shared_code="EID2027", total_limit=10)
    ends = at_once([redemption(make_person(), "EID2027") for _ in range(60)])
    assert ends == {"done": 10, "VoucherUsedUp": 50}
    assert sum(Wallet.objects.values_list("promotional_points", flat=True)) == 20_000


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_customer_s_parallel_redemptions_stop_at_their_limit():
    make_campaign(shared_code="EID2027", per_customer_limit=3)
    customer = make_person()
    # Fewer at once than may be wrong: in flight they all count.
    ends = at_once([redemption(customer, "EID2027") for _ in range(6)])
    assert ends == {"done": 3, "VoucherUsed": 3}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_single_use_code_at_once_is_one_credit():
    [code] = make_vouchers(make_campaign(), 1)
    ends = at_once([redemption(make_person(), code) for _ in range(40)])
    assert ends == {"done": 1, "VoucherNotRedeemable": 39}
    assert sum(Wallet.objects.values_list("promotional_points", flat=True)) == 2_000


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_same_request_at_once_is_one_answer():
    make_campaign(shared_code="EID2027", per_customer_limit=5)
    customer = make_person()
    assert at_once([redemption(customer, "EID2027", key="k")] * 5) == {"done": 5}
    assert Wallet.objects.get(user=customer).promotional_points == 2_000


@pytest.fixture
def without_locks(monkeypatch):
    """All read before any writes."""
    meet = threading.Barrier(8)

    def read_campaign(*, campaign_id):
        campaign = VoucherCampaign.objects.get(pk=campaign_id)
        meet.wait(30)
        return campaign

    monkeypatch.setattr(service, "lock_voucher", lambda *, code: Voucher.objects.get(code=code))
    monkeypatch.setattr(service, "lock_campaign", read_campaign)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_campaign_gives_more_than_its_limit(without_locks, tampered_books):
    """Negative control: the race exists, and it is the lock that wins it."""
    make_campaign(shared_code="EID2027", total_limit=2)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE points_payment_vouchercampaign DROP CONSTRAINT points_campaign_within_limit"
        )
    ends = at_once([redemption(make_person(), "EID2027") for _ in range(8)])
    assert ends == {"done": 8}
    assert {finding.check for finding in prove()} == {"guards", "vouchers-limits"}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_database_still_keeps_the_limit(without_locks):
    make_campaign(shared_code="EID2027", total_limit=2)
    ends = at_once([redemption(make_person(), "EID2027") for _ in range(8)])
    assert (ends["done"], ends.total()) == (2, 8)
    assert ends.keys() <= {"done", "IntegrityError", "VoucherNotRedeemable"}
    assert ends["IntegrityError"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_database_still_redeems_a_single_use_code_once(without_locks):
    [code] = make_vouchers(make_campaign(), 1)
    ends = at_once([redemption(make_person(), code) for _ in range(8)])
    # Who comes when the first has done is told by the row itself.
    assert (ends["done"], ends.total()) == (1, 8)
    assert ends.keys() <= {"done", "IntegrityError", "VoucherNotRedeemable"}
    assert ends["IntegrityError"]
