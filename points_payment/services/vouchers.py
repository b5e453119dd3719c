"""Vouchers of points: campaigns, their codes, and redeeming one.

Locks: a voucher (where a card stands in the order), its campaign, then the wallet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from points_payment.errors import (
    IdempotencyConflict,
    InvalidAmount,
    SharedCode,
    VoucherCodeTaken,
    VoucherNotBegun,
    VoucherNotRedeemable,
    VoucherOver,
    VoucherPaused,
    VoucherUsed,
    VoucherUsedUp,
    WrongCampaignState,
    WrongVoucherCode,
)
from points_payment.kinds import TransferKind, VoucherEventKind
from points_payment.models import (
    Transfer,
    Voucher,
    VoucherCampaign,
    VoucherEvent,
    VoucherRedemption,
    Wallet,
)
from points_payment.retry import retry_on_conflict
from points_payment.services.attempts import Attempt, reserve_attempt, settle_attempt
from points_payment.services.idempotency import claim, hash_request
from points_payment.services.ledger import stored_key
from points_payment.services.promotions import give_promotional_points
from points_payment.services.redemption import Redemption
from points_payment.voucher_codes import (
    is_shared_code,
    new_voucher_code,
    normalise_voucher_code,
    shown_voucher_code,
)

if TYPE_CHECKING:
    from marketplace.users.models import User

MAX_VALUE_POINTS = 1_000_000
MAX_TOTAL_LIMIT = 1_000_000
MAX_PER_CUSTOMER = 1_000
MAX_LIFETIME_DAYS = 3_650
#: The most that one campaign may ever give, so that a slip of the finger stays small.
MAX_BUDGET_POINTS = 1_000_000_000
#: Of one set; a campaign may have several.
MAX_CODES = 100_000
CODES_AT_ONCE = 10_000


@transaction.atomic
def create_campaign(
    *,
    name: str,
    shared_code: str,
    value_points: int,
    starts_at: datetime,
    ends_at: datetime,
    total_limit: int,
    per_customer_limit: int,
    lifetime_days: int,
    actor: User,
) -> VoucherCampaign:
    """Begin a campaign with one code for everybody, or (an empty code) one whose codes are made later.

    Raises:
        InvalidAmount: a number lies outside its limits, or the campaign ends before it begins.
        WrongVoucherCode: no campaign can advertise this code.
        VoucherCodeTaken: another campaign has it.
    """
    for number, most in (
        (value_points, MAX_VALUE_POINTS),
        (total_limit, MAX_TOTAL_LIMIT),
        (per_customer_limit, MAX_PER_CUSTOMER),
        (lifetime_days, MAX_LIFETIME_DAYS),
        (value_points * total_limit, MAX_BUDGET_POINTS),
    ):
        if not 0 < number <= most:
            raise InvalidAmount(number)
    if ends_at <= starts_at or ends_at <= timezone.now():
        raise InvalidAmount(ends_at)
    if shared_code and not is_shared_code(shared_code):
        raise WrongVoucherCode(shared_code)
    campaign = VoucherCampaign.objects.create(
        name=name,
        is_single_use=not shared_code,
        value_points=value_points,
        starts_at=starts_at,
        ends_at=ends_at,
        total_limit=total_limit,
        per_customer_limit=per_customer_limit,
        lifetime_days=lifetime_days,
        created_by=actor,
    )
    VoucherEvent.objects.create(campaign=campaign, kind=VoucherEventKind.CREATED, actor=actor)
    if shared_code and not _store_codes(campaign, [normalise_voucher_code(shared_code)]):
        raise VoucherCodeTaken(shared_code)
    return campaign


@transaction.atomic
def make_codes(*, campaign: VoucherCampaign, count: int, actor: User, idempotency_key: str) -> int:
    """Make a set of single-use codes; how many were made now. The same key again makes none.

    Raises:
        InvalidAmount: not between 1 and MAX_CODES.
        SharedCode: the campaign has one code for everybody.
        IdempotencyConflict: the key was used for another set.
    """
    if not 0 < count <= MAX_CODES:
        raise InvalidAmount(count)
    if not campaign.is_single_use:
        raise SharedCode
    claimed = claim(
        key=idempotency_key, request_hash=hash_request(campaign.pk, count, actor.pk), scope="voucher-codes"
    )
    if not claimed.is_new:
        return 0
    left = count
    while left:
        # Two equal codes are one row; what is missing then is drawn again.
        left -= _store_codes(campaign, [new_voucher_code() for _ in range(min(left, CODES_AT_ONCE))])
    VoucherEvent.objects.create(campaign=campaign, kind=VoucherEventKind.CODES_MADE, codes=count, actor=actor)
    return count


def _store_codes(campaign: VoucherCampaign, codes: list[str]) -> int:
    """Write the codes that no campaign has yet; how many those are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO points_payment_voucher (campaign_id, code, created_at, digest)"
            " SELECT %s, c.code, now(), '' FROM unnest(%s::text[]) AS c (code) ON CONFLICT (code) DO NOTHING",
            [campaign.pk, codes],
        )
        return cursor.rowcount


@transaction.atomic
def hand_out_codes(*, campaign: VoucherCampaign, actor: User) -> Iterator[tuple[str, bool]]:
    """All codes as they are printed, each with whether it was redeemed; written down as downloaded."""
    vouchers = Voucher.objects.filter(campaign=campaign).order_by("id")
    VoucherEvent.objects.create(
        campaign=campaign, kind=VoucherEventKind.DOWNLOADED, codes=vouchers.count(), actor=actor
    )
    redeemed = Exists(VoucherRedemption.objects.filter(voucher=OuterRef("pk")))
    rows = vouchers.annotate(is_redeemed=redeemed).values_list("code", "is_redeemed")
    return ((shown_voucher_code(code), used) for code, used in rows.iterator(chunk_size=CODES_AT_ONCE))


def pause_campaign(*, campaign: VoucherCampaign, actor: User) -> VoucherCampaign:
    """Let nothing be redeemed until it is resumed.

    Raises:
        WrongCampaignState: it is paused already.
    """
    return _set_active(campaign, is_active=False, kind=VoucherEventKind.PAUSED, actor=actor)


def resume_campaign(*, campaign: VoucherCampaign, actor: User) -> VoucherCampaign:
    """Let a paused campaign go on.

    Raises:
        WrongCampaignState: it is not paused.
    """
    return _set_active(campaign, is_active=True, kind=VoucherEventKind.RESUMED, actor=actor)


@retry_on_conflict
@transaction.atomic
def _set_active(
    campaign: VoucherCampaign, *, is_active: bool, kind: VoucherEventKind, actor: User
) -> VoucherCampaign:
    locked = lock_campaign(campaign_id=campaign.pk)
    if locked.is_active == is_active:
        raise WrongCampaignState
    locked.is_active = is_active
    locked.save(update_fields=["is_active"])
    VoucherEvent.objects.create(campaign=locked, kind=kind, actor=actor)
    return locked


def redeem_voucher(*, customer: User, code: str, idempotency_key: str, attempt: Attempt) -> Redemption:
    """Add a voucher's value to the customer's promotional points.

    Not to be called inside a transaction: wrong codes are counted in one of their own, together with
    those of cards. The same key again gives the first answer. Only of a shared code, and of what this
    customer has redeemed, is the reason told: whoever guesses single-use codes learns nothing.

    Raises:
        WrongCheckDigit: mistyped; it cost no attempt.
        TooManyAttempts: wait until ``retry_at``.
        VoucherNotBegun, VoucherOver, VoucherPaused, VoucherUsedUp, VoucherUsed: it cost no attempt.
        VoucherNotRedeemable: any other reason, and none is named.
        IdempotencyConflict: the key was used for another code or customer.
    """
    plain = normalise_voucher_code(code)
    if earlier := _find_earlier(idempotency_key, customer_id=customer.pk, code=plain):
        return earlier
    reserved = reserve_attempt(customer_id=customer.pk, attempt=attempt)
    try:
        redemption = _redeem(customer_id=customer.pk, code=plain, idempotency_key=idempotency_key)
    except VoucherNotRedeemable as error:
        settle_attempt(reserved=reserved, redeemed=False, is_guess=not error.is_public)
        raise
    settle_attempt(reserved=reserved, redeemed=True)
    return redemption


@retry_on_conflict
@transaction.atomic
def _redeem(*, customer_id: int, code: str, idempotency_key: str) -> Redemption:
    voucher = lock_voucher(code=code)
    if voucher is None:
        raise VoucherNotRedeemable
    # All redemptions of a campaign wait here for each other, so that its limits can be counted.
    campaign = lock_campaign(campaign_id=voucher.campaign_id)
    # The same request a moment ago, which was under way when this one began?
    if earlier := _find_earlier(idempotency_key, customer_id=customer_id, code=code):
        return earlier
    _require_redeemable(voucher, campaign, customer_id=customer_id)
    expires_at = timezone.now() + timedelta(days=campaign.lifetime_days)
    posted = give_promotional_points(
        kind=TransferKind.VOUCHER,
        customer_id=customer_id,
        amount_points=campaign.value_points,
        expires_at=expires_at,
        reference=code,
        reason=campaign.name,
        actor_id=customer_id,
        idempotency_key=idempotency_key,
    )
    redemption = VoucherRedemption.objects.create(
        campaign=campaign,
        voucher=voucher,
        customer_id=customer_id,
        transfer_id=posted.transfer_id,
        amount_points=campaign.value_points,
        expires_at=expires_at,
        is_single_use=campaign.is_single_use,
    )
    VoucherCampaign.objects.filter(pk=campaign.pk).update(redeemed_count=F("redeemed_count") + 1)
    return _answer(redemption)


def lock_voucher(*, code: str) -> Voucher | None:
    """Lock the voucher with this code."""
    return Voucher.objects.select_for_update(no_key=True).filter(code=code).first()


def lock_campaign(*, campaign_id: int) -> VoucherCampaign:
    """Lock a campaign, and with it the count of what it gave."""
    return VoucherCampaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def _require_redeemable(voucher: Voucher, campaign: VoucherCampaign, *, customer_id: int) -> None:
    refusal = _refusal_of_campaign(campaign, customer_id=customer_id)
    if not campaign.is_single_use:
        if refusal is not None:
            raise refusal
        return
    taken = VoucherRedemption.objects.filter(voucher=voucher).first()
    if taken is not None and taken.customer_id == customer_id:
        raise VoucherUsed
    if taken is not None or refusal is not None:
        raise VoucherNotRedeemable


def _refusal_of_campaign(campaign: VoucherCampaign, *, customer_id: int) -> VoucherNotRedeemable | None:
    now = timezone.now()
    own = VoucherRedemption.objects.filter(campaign=campaign, customer_id=customer_id).count()
    if now < campaign.starts_at:
        return VoucherNotBegun(starts_at=campaign.starts_at)
    if now >= campaign.ends_at:
        return VoucherOver()
    if not campaign.is_active:
        return VoucherPaused()
    if own >= campaign.per_customer_limit:
        return VoucherUsed()
    return VoucherUsedUp() if campaign.left_count <= 0 else None


def _find_earlier(idempotency_key: str, *, customer_id: int, code: str) -> Redemption | None:
    """What this request led to before.

    Raises:
        IdempotencyConflict: the key was used for another request.
    """
    transfer = Transfer.objects.filter(idempotency_key=stored_key(idempotency_key)).first()
    if transfer is None:
        return None
    if (transfer.kind, transfer.actor_id, transfer.reference) != (TransferKind.VOUCHER, customer_id, code):
        raise IdempotencyConflict(idempotency_key)
    return _answer(transfer.voucher_redemption)


def _answer(redemption: VoucherRedemption) -> Redemption:
    return Redemption(
        amount_points=redemption.amount_points,
        balance_points=Wallet.objects.get(user_id=redemption.customer_id).spendable_points,
        transfer_id=redemption.transfer_id,
        expires_at=redemption.expires_at,
    )
