"""Whether the time of a refusal tells why a card was refused: medians of every reason, tried in turns."""

from __future__ import annotations

import json
import random
import statistics
import time
import uuid
from typing import TYPE_CHECKING

from tests.bench.apart import in_a_process_of_its_own

if TYPE_CHECKING:
    from marketplace.users.models import User

ROUNDS = 200
GUESSERS = 20


def measure() -> dict[str, float]:
    """``refusal_ratio``: the slowest reason's median by the quickest one's; 1 tells nothing."""
    return in_a_process_of_its_own("tests.bench.refusals")


def _refuse_in_turns() -> dict[str, float]:
    import django

    django.setup()
    from marketplace.users.models import User
    from tests.factories.refused_codes import REASONS

    codes = {reason.__name__: reason() for reason in REASONS}
    guessers = [
        User.objects.create(username=f"guesser-{uuid.uuid4().hex[:12]}", email="") for _ in range(GUESSERS)
    ]
    seconds: dict[str, list[float]] = {reason: [] for reason in codes}
    for round_ in range(ROUNDS):
        for reason in random.sample(sorted(codes), len(codes)):
            seconds[reason].append(_refused(codes[reason], guessers[round_ % GUESSERS]))
    medians = {reason: statistics.median(times) for reason, times in seconds.items()}
    return {
        "refusal_ratio": round(max(medians.values()) / min(medians.values()), 3),
        "refusal_ms": round(1_000 * statistics.median(medians.values()), 2),
    }


def _refused(code: str, guesser: User) -> float:
    from points_payment.errors import CardNotRedeemable
    from points_payment.models import AttemptCounter
    from points_payment.services.attempts import Attempt
    from points_payment.services.redemption import redeem_card

    # Nobody is to meet a limit.
    AttemptCounter.objects.all().delete()
    attempt = Attempt(address="192.0.2.1", device=uuid.uuid4().hex)
    began = time.perf_counter()
    try:
        redeem_card(customer=guesser, code=code, idempotency_key=uuid.uuid4().hex, attempt=attempt)
    except CardNotRedeemable:
        return time.perf_counter() - began
    raise AssertionError("A card was redeemed that cannot be.")


if __name__ == "__main__":
    print(json.dumps(_refuse_in_turns()))
