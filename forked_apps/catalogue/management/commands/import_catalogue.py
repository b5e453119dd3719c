"""`manage.py import_catalogue FILE…`: import lists of goods, and say which rows were bad and why."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forked_apps.catalogue.importing import (
    UnreadableCatalogue,
    import_offers,
    import_products,
    read_catalogue,
)
from forked_apps.partner.models import Partner


class Command(BaseCommand):
    help = "Import products (and, with --vendor, one vendor's offers of them) from CSV files."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--vendor", metavar="CODE", help="whose prices and stock the lists bring")
        parser.add_argument("--dry-run", action="store_true", help="only check the rows")

    def handle(
        self, *args: Any, files: list[Path], vendor: str | None, dry_run: bool, **options: Any
    ) -> None:
        seller = self._vendor(vendor) if vendor else None
        for path in files:
            self._import(path, seller, dry_run=dry_run)

    def _vendor(self, code: str) -> Partner:
        try:
            return Partner.objects.get(code=code)
        except Partner.DoesNotExist:
            raise CommandError(f"There is no vendor with the code {code!r}.") from None

    def _import(self, path: Path, vendor: Partner | None, *, dry_run: bool) -> None:
        try:
            catalogue = read_catalogue(path.read_bytes())
        except (OSError, UnreadableCatalogue) as error:
            raise CommandError(f"{path}: {error}") from None
        for row in catalogue.bad_rows:
            self.stderr.write(f"{path}:{row.number}: {row.reason}")
        if dry_run:
            self.stdout.write(f"{path}: {len(catalogue.rows)} good rows, {len(catalogue.bad_rows)} bad.")
            return
        report = import_products(catalogue=catalogue)
        offers = 0
        if vendor is not None:
            offers = import_offers(vendor=vendor, rows=catalogue.rows, product_ids=report.product_ids)
        self.stdout.write(
            f"{path}: {report.created} products new, {report.updated} updated, {offers} offers, "
            f"{len(report.bad_rows)} bad rows."
        )
