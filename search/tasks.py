"""What time alone brings about for the search."""

from __future__ import annotations

from celery import shared_task

from search.checking import mend_index
from search.engines.storage import NotBuilt
from search.query_log import forget_old_counts


@shared_task
def forget_old_searches() -> int:
    """How many rows of counts were older than they are kept."""
    return forget_old_counts()


@shared_task
def mend_search_index() -> int:
    """Compare every document with the database and write again what differs; how many did.

    Whoever changes a product says so; this finds what was changed past all of that, by hand or by a fault.
    """
    try:
        return mend_index() or 0
    except NotBuilt:
        # It builds itself at the next search.
        return 0
