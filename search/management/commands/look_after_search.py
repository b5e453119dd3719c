"""``manage.py look_after_search``: what the tasks do every night, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from search.tasks import forget_old_searches, mend_search_index


class Command(BaseCommand):
    help = "Forget old counts of searches, and mend what differs between the search index and the database."

    def handle(self, *args: Any, **options: Any) -> None:
        forgotten = forget_old_searches()
        self.stdout.write(f"{forgotten} old counts forgotten, {mend_search_index()} products mended.")
