"""A statement to take along: as CSV for a spreadsheet, as facts for the PDF."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.formats import format_date, format_datetime, format_number
from points_payment.kinds import TransferKind
from points_payment.statements import Balances, MovementGroup, Period, StatementRow

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Spreadsheets take UTF-8 for what it is only with its mark.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: A cell that begins so is a formula to a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
#: A page holds some 40; typst sets so many in a few seconds.
MOST_PDF_ROWS = 2_000


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Iterable[StatementRow]) -> Iterator[str]:
    """Lines of a CSV: ISO dates, whole numbers, words in the language of the moment of this call."""
    # Said now: the lines are written after the request has ended, and its language with it.
    words = {kind.value: str(kind.label) for kind in TransferKind}
    bucket = {False: _("Paid"), True: _("Promotional")}
    header = [
        _("Date"), _("Time"), _("Movement"), _("Points"), _("Order"), _("Card"), _("Reference"), _("Amount"),
        _("Balance"),
    ]  # fmt: skip
    return _csv_lines(rows, header, words, bucket)


def _csv_lines(
    rows: Iterable[StatementRow], header: Sequence[str], words: dict[str, str], bucket: dict[bool, str]
) -> Iterator[str]:
    line = csv.writer(_Echo()).writerow
    yield BYTE_ORDER_MARK + line(header)
    for row in rows:
        moment = timezone.localtime(row.created_at)
        yield line(
            [
                f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}", words[row.kind], bucket[row.is_promotional],
                plain(row.order_number), plain(row.card_serial),
                "" if row.order_number or row.card_serial else plain(row.reference),
                row.amount_points, row.balance_points,
            ]
        )  # fmt: skip


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the movements that are told."""

    added_points: int
    taken_points: int

    @classmethod
    def of(cls, rows: Iterable[StatementRow]) -> Totals:
        amounts = [row.amount_points for row in rows]
        return cls(sum(a for a in amounts if a > 0), sum(a for a in amounts if a < 0))


def pdf_facts(
    *,
    customer: User,
    rows: Sequence[StatementRow],
    balances: Balances,
    period: Period,
    group: MovementGroup | None,
) -> dict[str, Any]:
    """What ``documents/statement.typ`` sets: words translated, numbers and dates written."""
    totals = Totals.of(rows)
    return {
        "shop": _("Nuqta"),
        "title": _("Statement of points"),
        "about": [
            [_("Name"), customer.display_name, False],
            *([[_("Phone"), customer.phone, True]] if customer.phone else []),
            [_("From day"), format_date(period.first_day), False],
            [_("To day"), format_date(period.last_day), False],
            *([[_("Only"), str(group.label), False]] if group else []),
            [_("Made"), format_datetime(timezone.now()), False],
        ],
        "sums": [
            [_("Opening balance"), format_number(balances.opening_points)],
            [_("Added"), format_number(totals.added_points, signed=True)],
            [_("Taken"), format_number(totals.taken_points)],
            [_("Closing balance"), format_number(balances.closing_points)],
        ],
        "columns": [_("Date"), _("Movement"), _("Reference"), _("Amount"), _("Balance")],
        "rows": [_pdf_row(row) for row in rows],
        "empty": _("Nothing moved in this time."),
        "page": _("Page"),
        "note": _("1 point is 1 dinar. Each row shows the balance of the whole wallet after it."),
    }


def _pdf_row(row: StatementRow) -> list[str]:
    label = f"{row.kind_label} ({_('Promotional')})" if row.is_promotional else str(row.kind_label)
    return [
        format_datetime(row.created_at),
        label,
        row.reference,
        format_number(row.amount_points, signed=True),
        format_number(row.balance_points),
    ]
