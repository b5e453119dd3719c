"""Telling staff of who types wrong card codes on and on.

One alert for each subject and hour, however many wrong codes follow; its people are told once an hour
for each scope (``about``), so that a thousand accounts that guess are not a thousand messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection, transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from marketplace.users.models import User
from points_payment.errors import AlertSeen
from points_payment.kinds import CounterScope
from points_payment.models import GuessingAlert

TOPIC = "cards.guessing"

#: Both steps in one statement, so that a refusal takes as long with an alert as without.
RAISE = """
INSERT INTO points_payment_guessingalert AS alert (scope, subject, hour, failures, note, created_at)
SELECT counter.scope, counter.subject, date_trunc('hour', now()), counter.failures, '', now()
FROM unnest(%s::text[], %s::text[], %s::int[]) AS mine (scope, subject, least)
JOIN points_payment_attemptcounter counter
  ON counter.scope = mine.scope AND counter.subject = mine.subject AND counter.failures >= mine.least
ORDER BY counter.scope, counter.subject
ON CONFLICT (scope, subject, hour) DO UPDATE SET failures = greatest(alert.failures, EXCLUDED.failures)
RETURNING alert.id, alert.scope, alert.failures, to_char(alert.hour, 'YYYYMMDDHH24'), alert.xmax = 0
"""


def raise_alerts(subjects: Sequence[tuple[str, str]], *, at: Mapping[CounterScope, int]) -> None:
    """Write down which of these subjects typed ``at`` wrong codes or more; staff are told the first time."""
    with connection.cursor() as cursor:
        cursor.execute(
            RAISE,
            [
                [scope for scope, _subject in subjects],
                [subject for _scope, subject in subjects],
                [at[CounterScope(scope)] for scope, _subject in subjects],
            ],
        )
        raised = cursor.fetchall()
    for alert_id, scope, failures, hour, is_new in raised:
        if is_new:
            enqueue(
                topic=TOPIC,
                payload={"alert_id": alert_id, "scope": scope, "failures": failures, "hour": hour},
            )


@transaction.atomic
def look_at_alert(*, alert: GuessingAlert, actor: User, note: str) -> GuessingAlert:
    """Say that a person looked into it, and what they found.

    Raises:
        AlertSeen: someone did before.
    """
    locked = GuessingAlert.objects.select_for_update(no_key=True, of=("self",)).get(pk=alert.pk)
    if locked.seen_at is not None:
        raise AlertSeen
    locked.seen_by, locked.seen_at, locked.note = actor, timezone.now(), note
    locked.save(update_fields=["seen_by", "seen_at", "note"])
    return locked


def alerts_waiting() -> int:
    return GuessingAlert.objects.filter(seen_at=None).count()
