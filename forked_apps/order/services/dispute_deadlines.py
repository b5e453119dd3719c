"""What time alone does to disputes; each in a transaction of its own.

==============  ===========================================================================================
contacting,     the vendor's time is over: both are told that the buyer may ask the marketplace; and when the
offered,        buyer's time is over too, it is closed, and no point moves
replacing
refused         the buyer did not ask the marketplace: closed, no point moves
evidence        the buyer gave none: closed, no point moves. Else the vendor gave none: decided for the buyer
decided         nobody appealed: carried out
==============  ===========================================================================================

With staff (deciding, appealed) nothing happens by itself: the deadline only orders their queue.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from forked_apps.order.dispute_models import Dispute, DisputeState, DisputeStep
from forked_apps.order.dispute_rules import lapse_after
from forked_apps.order.services.arbitration import carry_out, decide_for_silent_vendor, last_decision
from forked_apps.order.services.dispute_steps import enter, lock_dispute, log
from points_payment.retry import retry_on_conflict

_D = DisputeState
MOST_AT_ONCE = 500
_BEFORE_ESCALATION = (_D.CONTACTING, _D.OFFERED, _D.REPLACING)
#: The states in which something happens by itself.
_TIMED = (*_BEFORE_ESCALATION, _D.REFUSED, _D.EVIDENCE, _D.DECIDED)


def advance_disputes(*, now: datetime | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Do what the table above says to disputes whose time is over; how many moved."""
    now = now or timezone.now()
    late = Dispute.objects.filter(deadline__lt=now, state__in=_TIMED).order_by("deadline", "pk")[:limit]
    return sum(_advance(one, now=now) for one in list(late))


@retry_on_conflict
@transaction.atomic
def _advance(late: Dispute, *, now: datetime) -> bool:
    part, one = lock_dispute(late)
    if one.state not in _TIMED or one.deadline is None or one.deadline >= now:
        return False
    if one.state in _BEFORE_ESCALATION:
        _wait_for_the_buyer(one, now=now)
    elif one.state == _D.DECIDED:
        carry_out(part, one, last_decision(one), step=DisputeStep.CARRIED_OUT, actor=None, now=now)
    elif one.state == _D.EVIDENCE and not one.awaits_buyer:
        decide_for_silent_vendor(part, one, now=now)
    else:
        enter(one, _D.LAPSED, DisputeStep.LAPSED, now=now)
    return True


def _wait_for_the_buyer(one: Dispute, *, now: datetime) -> None:
    if one.deadline is None or one.deadline > one.escalate_from:
        enter(one, _D.LAPSED, DisputeStep.LAPSED, now=now)
        return
    one.deadline = now + lapse_after()
    one.save(update_fields=["deadline"])
    log(one, DisputeStep.MAY_ESCALATE, now=now)
