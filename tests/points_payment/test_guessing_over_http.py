"""Guessing through a served shop: invented addresses and many connections bring no more tries."""

from __future__ import annotations

from pathlib import Path

import pytest

from points_payment.services import attempts
from points_payment.services.attempts import LIMITS, most_tries
from tests.bench import guessing


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_guesses_from_many_connections_stay_within_the_limits(
    shop_environment: dict[str, str], tmp_path: Path
) -> None:
    """The full run is a part of ``make soak``."""
    with guessing.served(shop_environment, log=tmp_path / "shop.log") as port:
        outcome = guessing.run(port=port, guesses=400, connections=20, accounts=20, honest=2, seed=1)
    assert outcome.findings == []
    # Both limits were reached: no account alone could have had so few tries.
    assert outcome.tries >= LIMITS[attempts.CounterScope.ADDRESS].free
    assert outcome.answers[guessing.WAIT] > 200
    assert outcome.honest == [guessing.REDEEMED] * 2


def test_a_broken_promise_would_be_found(db: None) -> None:
    """Negative control: the judge sees more tries than the limits allow, and customers who were kept out."""
    from django.utils import timezone

    from points_payment.models import RedemptionAttempt

    (guesser,) = guessing.make_guests(1)
    began = timezone.now()
    for _ in range(200):
        RedemptionAttempt.objects.create(customer=guesser, address="6.6.6.6", device="")
    outcome = guessing.Outcome(honest=[guessing.WAIT])
    guessing._judge(outcome, began=began, guessers=[guesser], guesses=300)
    assert len(outcome.findings) == 7
    account = LIMITS[attempts.CounterScope.ACCOUNT]
    assert most_tries(account, within=account.first_wait) == account.free + 2
