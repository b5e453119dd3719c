"""The table of a dispute's states, all of it: what it allows and nothing else."""

from __future__ import annotations

import pytest

from forked_apps.order.dispute_errors import IllegalDisputeStep
from forked_apps.order.dispute_models import OPEN_DISPUTES, DisputeState
from forked_apps.order.dispute_rules import NEXT_OF_DISPUTE, check_dispute_step

D = DisputeState
ALLOWED = {
    D.CONTACTING: {D.OFFERED, D.REFUSED, D.EVIDENCE, D.WITHDRAWN, D.LAPSED},
    D.OFFERED: {
        D.OFFERED, D.REFUSED, D.AGREED, D.RETURNING, D.REPLACING, D.EVIDENCE, D.WITHDRAWN, D.LAPSED,
    },
    D.REFUSED: {D.OFFERED, D.EVIDENCE, D.WITHDRAWN, D.LAPSED},
    D.REPLACING: {D.AGREED, D.EVIDENCE, D.WITHDRAWN, D.LAPSED},
    D.EVIDENCE: {D.DECIDING, D.DECIDED, D.FOR_BUYER, D.WITHDRAWN, D.LAPSED},
    D.DECIDING: {D.EVIDENCE, D.DECIDED, D.FOR_BUYER, D.FOR_VENDOR, D.RETURNING, D.WITHDRAWN},
    D.DECIDED: {D.APPEALED, D.FOR_BUYER, D.FOR_VENDOR, D.RETURNING},
    D.APPEALED: {D.FOR_BUYER, D.FOR_VENDOR, D.RETURNING},
    D.RETURNING: {D.AGREED, D.FOR_BUYER, D.WITHDRAWN, D.DECIDING},
}  # fmt: skip


@pytest.mark.parametrize("old", D)
@pytest.mark.parametrize("new", D)
def test_only_the_steps_of_the_table_are_allowed(old: DisputeState, new: DisputeState) -> None:
    if new in ALLOWED.get(old, set()):
        check_dispute_step(old, new)
    else:
        with pytest.raises(IllegalDisputeStep) as refused:
            check_dispute_step(old, new)
        assert refused.value.code == "illegal_dispute_step"


def test_what_is_open_goes_on_and_what_is_closed_does_not() -> None:
    assert set(NEXT_OF_DISPUTE) == set(D)
    assert {one for one in D if NEXT_OF_DISPUTE[one]} == set(OPEN_DISPUTES)
