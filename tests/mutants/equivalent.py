"""Mutants that no test can notice, and why. Each is named by service, function and change."""

from __future__ import annotations

TAKEN = "allocation.commission_points"
ACTIVE = "card.state != CardState.ACTIVE or batch.state != BatchState.ACTIVE"
PAST, SHUT = "batch.expires_on < timezone.localdate()", "(not may_be_redeemed)"
NO_BATCH = f"batch is None or {ACTIVE} or ({PAST}) or {SHUT}"
OWED = "for vendor_id, points in owed.items()"
LAST_USE = "LotUse.objects.filter(lot__in=lots).order_by('-id').values_list('id', flat=True).first()"

EQUIVALENT: dict[tuple[str, str], str] = {
    ("ledger", "post_transfer: posting.amount_points > 0 -> posting.amount_points >= 0"):
        "merge leaves no posting of 0",
    ("ledger", "post_transfer: if new_allocations: -> if True:"):
        "of empty lists nothing is allocated; the other statement is only shorter",
    ("wallets", "open_uses: 0 -> 1"):
        "points__lt: a use is never 0 points, says a constraint",
    ("expiry", f"_expire_wallet: {LAST_USE} or 0 -> {LAST_USE}"):
        "of a key all that matters is that another use makes another one",
    ("expiry", "_expire_wallet: 0 -> 1 (2)"):
        "of a key all that matters is that another use makes another one",
    ("expiry", "_expire_wallet: True -> False"):
        "values_list's flat: of a key all that matters is that another use makes another one",
    ("expiry", "expiring_next: first is None or first.expires_at is None -> first is None"):
        "only lots with a last day were asked for; it tells the type checker so",
    ("adjustments", "approve_adjustment: locked.amount_points < 0 -> locked.amount_points <= 0"):
        "0 was refused when it was proposed",
    ("adjustments", "approve_adjustment: locked.amount_points > 0 -> locked.amount_points >= 0"):
        "0 was refused when it was proposed",
    ("adjustments", "approve_adjustment: 0 -> 1"):
        "less than 1 is less than 0: 0 was refused when it was proposed",
    ("redemption", f"_redeem: {NO_BATCH} -> {ACTIVE} or {PAST} or {SHUT}"):
        "what stands in for no card is void, which is asked next",
    ("escrow", f"release_allocations:  {OWED} if points ->  {OWED}"):
        "looking at the debt of who owes nothing changes nothing; it only saves the look",
    ("escrow", "hold_for_order: True -> False"):
        "zip's strict: both lists have one item for each line",
    ("escrow", f"release_allocations: commission - {TAKEN} -> commission + {TAKEN}"):
        "a line is released whole, so that it has no commission before",
    ("escrow", "_Refund.commission_returned: if not self.from_released: -> if False:"):
        "the commission on what stays released is what was taken already",
    ("escrow", "_late_postings: if not taken: -> if False:"):
        "no vendor is locked and nothing is posted; it only saves the way there",
}  # fmt: skip
