"""A vendor goes on holiday: its offers are off sale from one day to another, and come back by themselves."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from forked_apps.partner.indexing import product_messages
from forked_apps.partner.models import Partner, is_on_holiday
from marketplace.outbox.services import enqueue_many


@transaction.atomic
def set_holiday(
    *, vendor: Partner, starts_on: date | None, ends_on: date | None, message: str = ""
) -> Partner:
    """Plan the vendor's holiday, both days included, in the place of the one before; no days: none.

    ``message`` is for customers. Orders that were placed go on.
    """
    locked = Partner.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    locked.holiday_from, locked.holiday_until = starts_on, ends_on
    locked.holiday_message = message if starts_on else ""
    locked.save(update_fields=["holiday_from", "holiday_until", "holiday_message"])
    _tell_search(locked)
    return locked


def tell_search_of_holidays() -> int:
    """Have the lists show, or leave out, what is sold by whose holiday began or ended; how many vendors.

    The shop itself needs no telling: it looks at the dates each time.
    """
    today = timezone.localdate()
    on_holiday = Partner.objects.filter(is_on_holiday(today)).values_list("pk", flat=True)
    told = Partner.objects.filter(away_in_search=True).values_list("pk", flat=True)
    return sum(_tell_search_of(vendor_id) for vendor_id in sorted(set(on_holiday) ^ set(told)))


@transaction.atomic
def _tell_search_of(vendor_id: int) -> bool:
    return _tell_search(Partner.objects.select_for_update(no_key=True).get(pk=vendor_id))


def _tell_search(locked: Partner) -> bool:
    """The row remembers what the index was told, so nothing is missed and nothing told twice."""
    is_away = locked.is_on_holiday
    if is_away == locked.away_in_search:
        return False
    locked.away_in_search = is_away
    locked.save(update_fields=["away_in_search"])
    enqueue_many(product_messages(locked))
    return True
