"""A million cards: drawn, stored by COPY, encrypted to a printer's key and committed.

In a process and a database of their own, so that neither what was measured before nor what is measured
later counts. The figures are those of the whole production, as the outbox carries it out; memory is the
peak of that process, Django and all.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from tests.bench.apart import in_a_process_of_its_own

CARDS = 1_000_000


def measure() -> dict[str, float]:
    """``cards_million_s`` and ``cards_million_mb``."""
    return in_a_process_of_its_own("tests.bench.cards")


def _produce() -> dict[str, float]:
    import django

    django.setup()
    from datetime import timedelta

    import pyrage
    from django.utils import timezone

    from marketplace.users.models import User
    from points_payment.kinds import ExportKind, ProductionState
    from points_payment.models import Card
    from points_payment.services.batches import approve_batch, draft_batch
    from points_payment.services.printers import add_printer, confirm_printer
    from points_payment.services.production import carry_out_production, start_production

    one, other = (User.objects.create_user(first_name="Bench") for _ in range(2))
    key = str(pyrage.x25519.Identity.generate().to_public())
    printer = confirm_printer(printer=add_printer(name="Bench", public_key=key, actor=one), actor=other)
    batch = draft_batch(
        face_value_points=25_000, number_of_cards=CARDS, note="bench", actor=one,
        expires_on=timezone.localdate() + timedelta(days=365),
    )  # fmt: skip
    approve_batch(batch=batch, actor=other)
    production = start_production(batch=batch, kind=ExportKind.LIST, printer=printer, actor=one)
    began = time.perf_counter()
    carry_out_production(production_id=production.pk)
    seconds = time.perf_counter() - began
    production.refresh_from_db()
    assert production.state == ProductionState.READY, production.error_code
    assert Card.objects.count() == CARDS
    return {"cards_million_s": round(seconds, 1), "cards_million_mb": round(_peak_mb(), 1)}


def _peak_mb() -> float:
    """The most memory that this process ever held at once.

    Not ``getrusage``: its figure begins with what the parent held when it started this process.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found
    return int(found.group(1)) / 1024


if __name__ == "__main__":
    print(json.dumps(_produce()))
