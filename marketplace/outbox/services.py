"""Ask, in a change's own transaction, for effects outside the database, and carry them out after it."""

from __future__ import annotations

import json
import logging
import random
import traceback
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.outbox import background
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.registry import handler_of, merge_of

logger = logging.getLogger("nuqta.outbox")

FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 60 * 60
#: With the waits above about half a day; after that a person has to look (`run_outbox --retry`).
MOST_ATTEMPTS = 20
#: How many messages of a topic that merges them are carried out at once.
MOST_AT_ONCE = 200
#: How long what is done stays, for whoever asks what happened.
KEEP_DAYS = 7


ASK = """
    INSERT INTO outbox_outboxmessage (topic, payload, created_at, available_at, attempts, last_error)
    SELECT topic, payload, %s, %s, 0, '' FROM unnest(%s::text[], %s::jsonb[]) AS asked (topic, payload)
"""


class Message(NamedTuple):
    """What to do: ids of rows, never personal data, secrets or card codes."""

    topic: str
    payload: Mapping[str, Any]


def enqueue(*, topic: str, payload: Mapping[str, Any]) -> None:
    """Ask for one effect; it is carried out if and when the caller's transaction commits."""
    enqueue_many([Message(topic, payload)])


def enqueue_many(messages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Ask for several effects with one INSERT."""
    asked = [(topic, json.dumps(dict(payload))) for topic, payload in messages]
    if not asked:
        return
    now = timezone.now()
    with connection.cursor() as cursor:
        # Nearly every change asks for something: by hand it costs half of what ``bulk_create`` does.
        cursor.execute(ASK, [now, now, *map(list, zip(*asked, strict=True))])
    if not any(function is background.wake for _, function, *_ in connection.run_on_commit):
        # Robust: the change is committed, so trouble with a broker must not look like its failure.
        transaction.on_commit(background.wake, robust=True)


def drain(*, most: int | None = None) -> int:
    """Carry out what waits and may be tried now, oldest first; the number carried out well.

    Any number of processes may drain at once: each message is taken by one of them. A message and the
    rows that its handler writes are committed together.
    """
    done = tried = 0
    while most is None or tried < most:
        succeeded = _carry_out_next()
        if succeeded is None:
            break
        tried += max(1, succeeded)
        done += succeeded
    return done


def retry_failed() -> int:
    """Let messages that were given up be tried again; their number."""
    return OutboxMessage.objects.filter(done_at=None, attempts__gte=MOST_ATTEMPTS).update(
        attempts=0, available_at=timezone.now()
    )


def forget_done(*, before: datetime | None = None) -> int:
    """Delete what was done long ago; the number of messages."""
    oldest_kept = before or timezone.now() - timedelta(days=KEEP_DAYS)
    return OutboxMessage.objects.filter(done_at__lt=oldest_kept).delete()[0]


@transaction.atomic
def _carry_out_next() -> int | None:
    """How many messages succeeded, the next one or a batch with it; None when nothing waits."""
    message = _waiting().first()
    if message is None:
        return None
    batch = [message, *_more_of(message)]
    if len(batch) > 1:
        merge = merge_of(message.topic)
        assert merge is not None
        try:
            with transaction.atomic():
                handler_of(message.topic)(merge([each.payload for each in batch]))
        except Exception:  # noqa: BLE001 - which of them is broken shows when each is tried by itself
            batch = [message]
        else:
            return _mark_done(batch)
    try:
        with transaction.atomic():
            handler_of(message.topic)(message.payload)
    except Exception as error:  # noqa: BLE001 - one broken message must not keep the others waiting
        _record_failure(message, error)
        return 0
    return _mark_done(batch)


def _waiting() -> QuerySet[OutboxMessage]:
    return (
        OutboxMessage.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(done_at=None, available_at__lte=timezone.now(), attempts__lt=MOST_ATTEMPTS)
        .order_by("available_at", "id")
    )


def _more_of(message: OutboxMessage) -> list[OutboxMessage]:
    """What else waits of its topic, where that is carried out at once; what failed before is tried alone."""
    if message.attempts or merge_of(message.topic) is None:
        return []
    return list(_waiting().filter(topic=message.topic, attempts=0).exclude(pk=message.pk)[: MOST_AT_ONCE - 1])


def _mark_done(messages: Sequence[OutboxMessage]) -> int:
    for message in messages:
        message.done_at = timezone.now()
        message.attempts += 1
        message.last_error = ""
    OutboxMessage.objects.bulk_update(messages, ["done_at", "attempts", "last_error"])
    return len(messages)


def _record_failure(message: OutboxMessage, error: Exception) -> None:
    message.attempts += 1
    message.available_at = timezone.now() + _wait_after(message.attempts)
    message.last_error = _short(error)
    message.save(update_fields=["attempts", "available_at", "last_error"])
    log = logger.error if message.attempts >= MOST_ATTEMPTS else logger.warning
    log("Message %s (%s), attempt %s: %s", message.pk, message.topic, message.attempts, message.last_error)


def _wait_after(attempts: int) -> timedelta:
    """Twice as long each time, with jitter, so that what failed together is not tried together."""
    seconds = min(FIRST_WAIT_SECONDS * 2 ** (attempts - 1), LONGEST_WAIT_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret


def _short(error: Exception) -> str:
    """Kind and place of an error, without its text: that may quote a phone number or an address."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:200]
