"""``make bench``: every figure in one run, on the real catalogue, written to ``var/bench.json``.

Runs on a database of its own (``var/bench``), so that it neither reads nor changes the demo.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
os.environ["NUQTA_MODE"] = "test"

from marketplace.env import BASE_DIR

os.environ.setdefault("NUQTA_VAR", str(BASE_DIR / "var" / "bench"))

Figures = dict[str, float]


def prepare() -> None:
    """The demo's catalogue, offers and index, loaded once and kept."""
    import django

    from marketplace.embedded import ensure_database

    ensure_database()
    django.setup()
    from django.core.management import call_command

    call_command("fetch_assets")
    call_command("compilemessages")
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("load_demo", verbosity=0)
    call_command("rebuild_search", verbosity=0)


def run(measures: list[Callable[[], Figures]]) -> Figures:
    figures: Figures = {}
    for measure in measures:
        started = time.monotonic()
        found = measure()
        for name, value in found.items():
            print(f"{name:32} {value:>12,.2f}")
        print(f"  ({measure.__module__}, {time.monotonic() - started:.0f} s)", file=sys.stderr)
        figures.update(found)
    return figures


def main() -> int:
    prepare()
    from tests.bench import cards, ledger, orders, pages, product, refusals, search, statement

    # The last two work on databases of their own, and close the connection to this one.
    figures = run(
        [
            pages.measure,
            product.measure,
            orders.measure,
            ledger.measure,
            statement.measure,
            search.measure,
            refusals.measure,
            cards.measure,
        ]
    )
    target = BASE_DIR / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"\nWritten to {target.relative_to(BASE_DIR)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
