"""``python -m tests.search.recall FILE.csv [ar|ckb]``: any table, with what was missed and mixed up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
os.environ.setdefault("NUQTA_MODE", "test")


def main(arguments: list[str]) -> int:
    import django

    django.setup()
    from tests.search.recall import measure

    outcome = measure(Path(arguments[0]), language=arguments[1] if len(arguments) > 1 else None)
    print(outcome)
    for title, pairs in (("missed", outcome.missed), ("mixed up", outcome.mixed_up)):
        for pair in pairs:
            print(f"  {title}: {pair.query} / {pair.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
