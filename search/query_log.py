"""What people search for and open, counted by day: written beside the request, about nobody.

A request only adds to a table in the process's memory. A thread of the process writes the sums every few
seconds, in two statements; what a process that is killed had not written yet is lost, and no shop is
worse off for it. Words that could be somebody's number or address are not counted at all.
"""

from __future__ import annotations

import atexit
import logging
import re
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, connections
from django.utils import timezone

from points_payment.codes import CODE_SYMBOLS, LEAST_CODE_DIGITS, formats_of, plain_symbols
from search.analysis.letters import fold_text, words
from search.models import LONGEST_QUERY, ClickCount, QueryCount

logger = logging.getLogger("nuqta.search")

#: Until it is written; more different ones than that in a few seconds are no people's.
MOST_WAITING = 5_000
DEEPEST_RANK = 1_000
KEEP_DAYS = 400

#: An address, or so many digits, whatever stands between them, that it may be a phone, a card or an order.
_PERSONAL = re.compile(r"@|\d(?:[\W_]*\d){6,}")
_DIGITS_OF_CARD = re.compile(rf"\d(?:[\W_]*\d){{{LEAST_CODE_DIGITS - 1},}}")
_GROUP = re.compile(r"[a-z0-9]+")


def known_as(text: str) -> str:
    """A query however it is written: letters folded, words with single spaces; empty if there are none."""
    return " ".join(words(fold_text(text)))[:LONGEST_QUERY]


def is_personal(text: str) -> bool:
    folded = fold_text(text)
    return bool(_PERSONAL.search(folded)) or _holds_code_with_letters(folded)


def may_be_card(text: str) -> bool:
    """Whether somebody typed a card's code here, with the digits of any script and anything between them."""
    folded = fold_text(text)
    return bool(_DIGITS_OF_CARD.search(folded)) or _holds_code_with_letters(folded)


def _holds_code_with_letters(folded: str) -> bool:
    """Groups in a row that are a code of digits and letters, its check symbol right.

    One of 32 other texts of that length is taken for one, and not counted: nothing is lost by that.
    """
    groups = _GROUP.findall(folded)
    for first in range(len(groups)):
        code = ""
        for group in groups[first:]:
            code += plain_symbols(group)
            if len(code) >= CODE_SYMBOLS:
                break
        if len(code) == CODE_SYMBOLS and any(map(str.isdigit, code)) and any(formats_of(code)):
            return True
    return False


@dataclass(slots=True)
class _Searches:
    shown: str
    searches: int = 0
    without_results: int = 0
    results: int = 0


_lock = threading.Lock()
_searches: dict[tuple[date, str, str], _Searches] = {}
_clicks: Counter[tuple[date, str, int, int]] = Counter()
_thread: threading.Thread | None = None
_stopped = threading.Event()


def note_search(*, text: str, language: str, results: int) -> None:
    """Count a search of the first page without filters; costs the request no query."""
    query = known_as(text)
    if not query or is_personal(text):
        return
    with _lock:
        key = (timezone.localdate(), language, query)
        if key not in _searches and len(_searches) >= MOST_WAITING:
            return
        found = _searches.setdefault(key, _Searches(text.strip()[:LONGEST_QUERY]))
        found.searches += 1
        found.without_results += not results
        found.results = results
    _start()


def note_click(*, text: str, product_id: int, rank: int) -> None:
    query = known_as(text)
    if not query or is_personal(text) or not 1 <= rank <= DEEPEST_RANK:
        return
    with _lock:
        key = (timezone.localdate(), query, product_id, rank)
        if key in _clicks or len(_clicks) < MOST_WAITING:
            _clicks[key] += 1
    _start()


def flush() -> int:
    """Write what was counted; the number of rows. Processes add to the same rows."""
    global _clicks
    with _lock:
        searches, clicks = dict(_searches), _clicks
        _searches.clear()
        _clicks = Counter()
    if searches:
        _add_searches(searches)
    if clicks:
        _add_clicks(clicks)
    return len(searches) + len(clicks)


def _add_searches(counted: dict[tuple[date, str, str], _Searches]) -> None:
    # In one order, so that two processes never wait for each other.
    rows = [(*key, found) for key, found in sorted(counted.items())]
    table = connection.ops.quote_name(QueryCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS old (day, language, query, shown, searches, without_results, results)"  # noqa: S608
            " SELECT * FROM unnest("
            "%s::date[], %s::text[], %s::text[], %s::text[], %s::int[], %s::int[], %s::int[])"
            " ON CONFLICT (day, language, query) DO UPDATE SET searches = old.searches + excluded.searches,"
            " without_results = old.without_results + excluded.without_results, results = excluded.results",
            [
                [day for day, *_ in rows],
                [language for _, language, *_ in rows],
                [query for _, _, query, _ in rows],
                [found.shown for *_, found in rows],
                [found.searches for *_, found in rows],
                [found.without_results for *_, found in rows],
                [found.results for *_, found in rows],
            ],
        )


def _add_clicks(counted: Counter[tuple[date, str, int, int]]) -> None:
    rows = sorted(counted.items())
    table = connection.ops.quote_name(ClickCount._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS old (day, query, product_id, rank, clicks)"  # noqa: S608
            " SELECT * FROM unnest(%s::date[], %s::text[], %s::bigint[], %s::int[], %s::int[])"
            " ON CONFLICT (day, query, product_id, rank) DO UPDATE SET clicks = old.clicks + excluded.clicks",
            [
                [day for (day, *_), _ in rows],
                [query for (_, query, *_), _ in rows],
                [product_id for (_, _, product_id, _), _ in rows],
                [rank for (*_, rank), _ in rows],
                [count for _, count in rows],
            ],
        )


def forget_old_counts() -> int:
    """Delete what is older than ``KEEP_DAYS``; the number of rows."""
    oldest_kept = timezone.localdate() - timedelta(days=KEEP_DAYS)
    return sum(model.objects.filter(day__lt=oldest_kept).delete()[0] for model in (QueryCount, ClickCount))


# The thread ---------------------------------------------------------------------------------------
def _start() -> None:
    """One thread a process, begun by its first search: a thread does not live through a fork."""
    global _thread
    if not settings.SEARCH_LOG_SECONDS or (_thread is not None and _thread.is_alive()):
        return
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="search-log", daemon=True)
            _thread.start()
            atexit.register(_stopped.set)


def _run() -> None:
    while not _stopped.wait(settings.SEARCH_LOG_SECONDS):
        try:
            close_old_connections()
            flush()
        except DatabaseError as error:
            logger.warning("Searches could not be counted: %s", type(error).__name__)
            connections.close_all()
    connections.close_all()
