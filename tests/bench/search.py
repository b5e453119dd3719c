"""Search on a hundred thousand products, made from the real catalogue, and on a million.

Runs in a process and on a database of its own (``var/bench-search-…``), which is made once and kept: the
other measures are of the shop as it comes. Alone:
``python -m tests.bench.search [PRODUCTS | million] [--built]``.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PRODUCTS = 100_000
MANY_PRODUCTS = 1_000_000
#: Between a row and its copy: more than the real catalogue has of anything, few enough for a million
#: products to have ids below 2^24, as a real shop's would.
ID_STEP = 60_000
NEEDED_STEPS = ("People and platform roles", "Products", "Vendors", "Offers")
ROUNDS = 30
#: Words that people search the demo's goods for, in three languages and with names in another script.
TEXTS = (
    "table", "chair white", "laptop 16gb", "كرسي", "طاولة خشب", "مێز", "سامسونج", "hp ssd", "wardrobe",
    "ايكيا", "sofa",
    "notebook intel core i5", "لاپتۆپ", "bookcase", "خزانة",
)  # fmt: skip
TYPED = (
    "t", "ta", "tab", "tabl", "table w", "lap", "laptop 1", "كر", "كرس", "طاو", "مێ", "hp", "wardr", "ik",
    "so", "sofa b",
    "note", "خزا", "len", "ideap", "s", "b", "c",
)  # fmt: skip


def measure() -> dict[str, float]:
    """At a hundred thousand products, in a process of its own."""
    return _in_own_process(PRODUCTS)


def measure_million(*options: str) -> dict[str, float]:
    """How many times longer everything takes with ten times the products; both sizes in turn, thrice.

    Of other work on the machine the clock's milliseconds know, the processor's do not: both are told.
    With ``--built`` the indexes of both sizes are there.
    """
    small, large = _in_own_process(PRODUCTS, *options), _in_own_process(MANY_PRODUCTS, *options)
    again = [
        (_in_own_process(PRODUCTS, "--built"), _in_own_process(MANY_PRODUCTS, "--built")) for _ in range(2)
    ]
    rounds = [(small, large), *again]
    compared = ("facets_engine", "facets_engine_again", "search_page_100k", "suggest_p95")
    times = {
        f"{name}_{unit}_times": round(
            statistics.median(b[f"{name}_{unit}"] / a[f"{name}_{unit}"] for a, b in rounds), 2
        )
        for name in compared
        for unit in ("ms", "cpu_ms")
    }
    typical = {
        name: statistics.median(b.get(name, value) for _, b in rounds) for name, value in large.items()
    }
    return {**{f"million_{name}": value for name, value in typical.items()}, **times}


def _in_own_process(products: int, *options: str) -> dict[str, float]:
    from marketplace.env import BASE_DIR

    environment = {**os.environ, "NUQTA_VAR": str(BASE_DIR / "var" / f"bench-search-{products}")}
    command = [sys.executable, "-m", "tests.bench.search", str(products), "--json", *options]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


# In that process ----------------------------------------------------------------------------------
def run(products: int, *, built: bool = False) -> dict[str, float]:
    """``built``: the index is there, and only reading is measured."""
    _prepare(products)
    # Settings are read when Haystack is imported: after the database is there.
    from haystack import connections

    figures: dict[str, float] = {}
    if not built:
        indexed, seconds = _rebuild()
        figures["index_docs_per_s"] = round(indexed / seconds, 1)
    backend = connections["default"].get_backend()
    path = Path(backend.path)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    figures["facets_engine_ms"], figures["facets_engine_cpu_ms"] = _facets()
    figures["facets_engine_again_ms"], figures["facets_engine_again_cpu_ms"] = _facets(first_time=False)
    queries, figures["search_page_100k_ms"], figures["search_page_100k_cpu_ms"] = _pages()
    figures["search_page_queries"] = queries
    figures["suggest_p95_ms"], figures["suggest_p95_cpu_ms"] = _suggestions()
    if not built:
        figures |= {"search_reindex_1_ms": _reindex(1), "search_reindex_100_ms": _reindex(100)}
    return {
        **figures,
        "search_index_mb": round(size / 1e6, 1),
        "search_memory_mb": round(_memory_mb(), 1),
    }


def _prepare(products: int) -> None:
    import django

    from marketplace.embedded import ensure_database

    ensure_database()
    django.setup()
    from django.core.management import call_command

    for name in ("fetch_assets", "compilemessages"):
        call_command(name, stdout=sys.stderr)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from marketplace.demo.loader import STEPS

    for step in STEPS:
        # Neither drawings nor orders are needed here, and both take minutes.
        if step.title in NEEDED_STEPS and not step.is_done():
            step.load()
    multiply(products)


def multiply(products: int) -> None:
    """Copies of the real products until there are so many, each with its values, categories and offer."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SELECT count(*) FROM catalogue_product WHERE id < %s", [ID_STEP])
        (real,) = cursor.fetchone()
        for table in _COPIED:
            cursor.execute(f"SELECT max(id) >= %s FROM {table}", [ID_STEP])  # noqa: S608
            if cursor.fetchone() == (True,):
                assert table == "catalogue_product", f"{table} has more rows than there is room for"
                return
        for copy in range(1, products // real + 1):
            wanted = min(real, products - copy * real)
            if wanted <= 0:
                break
            for table, changed in _COPIED.items():
                _copy_rows(cursor, table, changed, shift=copy * ID_STEP, copy=copy, most=wanted)
            print(f"\rMade {copy * real + wanted} products", end="", file=sys.stderr)
        print(file=sys.stderr)
        for table in _COPIED:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
        cursor.execute("ANALYZE")


#: By table, what a copy has instead of the original's value. Everything is written here.
_COPIED: dict[str, dict[str, str]] = {
    "catalogue_product": {
        "id": "id + %(shift)s",
        "upc": "upc || '-' || %(copy)s",
        "slug": "slug || '-' || %(copy)s",
        "title": "title || ' ' || %(copy)s",
        **{
            f"title_{code}": f"CASE WHEN title_{code} > '' THEN title_{code} || ' ' || %(copy)s END"
            for code in ("ar", "ckb", "en")
        },
        "date_created": "date_created - %(copy)s * interval '9 hours'",
    },
    "catalogue_productcategory": {"id": "id + %(shift)s", "product_id": "product_id + %(shift)s"},
    "catalogue_productattributevalue": {"id": "id + %(shift)s", "product_id": "product_id + %(shift)s"},
    "partner_stockrecord": {
        "id": "id + %(shift)s",
        "product_id": "product_id + %(shift)s",
        "partner_sku": "partner_sku || '-' || %(copy)s",
        "price": "round(price * (0.7 + (id * %(copy)s %% 60) / 100.0))",
        "num_in_stock": "(id * %(copy)s) %% 9",
        "num_allocated": "NULL",
    },
}


def _copy_rows(cursor: Any, table: str, changed: dict[str, str], *, shift: int, copy: int, most: int) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
        " ORDER BY ordinal_position",
        [table],
    )
    columns = [name for (name,) in cursor.fetchall()]
    values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    product = "id" if table == "catalogue_product" else "product_id"
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {product} IN"  # noqa: S608
        " (SELECT id FROM catalogue_product WHERE id < %(step)s AND structure = 'standalone' ORDER BY id"
        " LIMIT %(most)s) AND id < %(step)s",
        {"shift": shift, "copy": copy, "most": most, "step": ID_STEP},
    )


def _rebuild() -> tuple[int, float]:
    from search import services

    started = time.perf_counter()

    def show(done: int, total: int) -> None:
        print(f"\rIndexed {done}/{total}", end="", file=sys.stderr)

    count = services.rebuild(progress=show, processes=os.cpu_count() or 1)
    seconds = time.perf_counter() - started
    print(file=sys.stderr)
    return count, seconds


def _facets(*, first_time: bool = True) -> tuple[float, float]:
    """Seven disjunctive groups with text, in the engine alone: the median over all texts, in milliseconds."""
    from haystack.query import SQ, SearchQuerySet

    from search import directory
    from search.engines.query import Typed

    vocabulary = directory.current().vocabulary

    def ask(text: str) -> None:
        found = SearchQuerySet().filter(content=Typed.read(text, vocabulary)).narrow(SQ(in_stock=True))
        for name in ("category", "brand", "vendor", "in_stock", "rating_from", "discount_from"):
            found = found.facet(name, disjunctive=True)
        found = found.facet("price", disjunctive=True, ranges=5, few_values=False)
        len(found[:24])

    return _median_ms([lambda text=text: ask(text) for text in TEXTS], rounds=5, first_time=first_time)


def _pages() -> tuple[int, float, float]:
    """Queries, and the median of the milliseconds of a whole results page."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "127.0.0.1"})
    most = 0
    for text in TEXTS:
        assert client.get("/search/", {"q": text}).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            client.get("/search/", {"q": text})
        most = max(most, len(captured))
    asked = [lambda text=text: client.get("/search/", {"q": text}) for text in TEXTS]
    return most, *_median_ms(asked, rounds=3)


def _suggestions() -> tuple[float, float]:
    """The 95th percentile of a keystroke's milliseconds, with the page's request and all."""
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1"})
    asked = [lambda text=text: client.get("/search/suggest/", {"q": text}) for text in TYPED]
    clock, processor = (sorted(spent) for spent in _spent_ms(asked, rounds=5))
    place = int(len(clock) * 0.95)
    return round(clock[place], 2), round(processor[place], 2)


def _reindex(count: int) -> float:
    """Until a change of so many products is in the index."""
    from django.db.models import Max

    from forked_apps.catalogue.models import Product
    from search import services

    highest = Product.objects.aggregate(highest=Max("pk"))["highest"]
    pks = list(Product.objects.filter(pk__lte=highest).order_by("pk").values_list("pk", flat=True)[:5_000])
    dice = random.Random(5)
    return _median_ms([lambda: services.reindex(dice.sample(pks, count))], rounds=7)[0]


def _spent_ms(
    asked: list[Callable[[], Any]], *, rounds: int, first_time: bool = True
) -> tuple[list[float], list[float]]:
    """The clock's milliseconds and the processor's, of everything asked in each round.

    ``first_time``: as if nobody had asked since the last commit, so that nothing kept is measured.
    """
    from haystack import connections

    backend = connections["default"].get_backend()
    for ask in asked:
        ask()
    clock, processor = [], []
    for _ in range(rounds):
        for ask in asked:
            if first_time:
                backend.forget()
            started, worked = time.perf_counter(), time.process_time()
            ask()
            clock.append((time.perf_counter() - started) * 1000)
            processor.append((time.process_time() - worked) * 1000)
    return clock, processor


def _median_ms(
    asked: list[Callable[[], Any]], *, rounds: int, first_time: bool = True
) -> tuple[float, float]:
    clock, processor = _spent_ms(asked, rounds=rounds, first_time=first_time)
    return round(statistics.median(clock), 2), round(statistics.median(processor), 2)


def _memory_mb() -> float:
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def main() -> int:
    if sys.argv[1:2] == ["million"]:
        figures = measure_million(*sys.argv[2:])
    else:
        products = int(sys.argv[1]) if len(sys.argv) > 1 else PRODUCTS
        if "--json" in sys.argv:
            print(json.dumps(run(products, built="--built" in sys.argv)))
            return 0
        figures = _in_own_process(products)
    for name, value in figures.items():
        print(f"{name:40} {value:>12,.2f}")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    os.environ["NUQTA_MODE"] = "test"
    sys.exit(main())
