"""The report of an operator's cash, to keep and to print."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from marketplace.documents import render_pdf
from marketplace.formats import format_date, format_datetime, format_number
from points_payment.desk_selectors import CashReport
from points_payment.models import DrawerCount

#: A spreadsheet would carry out a cell that begins so.
RISKY = ("=", "+", "-", "@", "\t", "\r")


def report_title(report: CashReport) -> str:
    if report.opening is not None:
        return _("Shift %(number)s") % {"number": report.opening.pk}
    return _("Cash of the day")


def report_period(report: CashReport) -> str:
    if report.day is not None:
        return format_date(report.day)
    begins = format_datetime(report.begins_at)
    ends = format_datetime(report.ends_at) if report.ends_at else _("still open")
    return f"{begins} – {ends}"


def report_sums(report: CashReport) -> list[tuple[str, int]]:
    """From the cash at the beginning to that at the end."""
    return [
        (_("Held at the beginning"), report.opening_points),
        (_("Cash taken for top-ups"), report.added_points),
        (_("Given back for reversals"), -report.reversed_points),
        (_("Handed in"), -report.handed_in_points),
        (_("Held at the end"), report.held_points),
    ]


def report_rows(report: CashReport) -> Iterator[list[str | int]]:
    """Lines of a spreadsheet: plain numbers, times as ISO 8601."""
    yield [report_title(report), _plain(report.operator.display_name), report_period(report)]
    for label, points in (*report_sums(report), *_counts(report)):
        yield [label, points]
    yield []
    yield [_("When"), _("Kind"), _("Customer"), _("Reference"), _("Cash"), _("Held after it")]
    for line in report.lines:
        yield [
            line.created_at.isoformat(timespec="seconds"), str(line.kind_label), _plain(line.customer),
            _plain(line.reference), line.cash_points, line.held_points,
        ]  # fmt: skip


def report_pdf(report: CashReport) -> bytes:
    """A page to sign, in the language of who prints it."""
    facts = {
        "title": report_title(report),
        "operator": report.operator.display_name,
        "period": report_period(report),
        "sums": [[label, format_number(points)] for label, points in report_sums(report)],
        "counts": [[label, format_number(points, signed=signed)] for label, points, signed in _shown(report)],
        "reasons": [count.reason for count in (report.opening, report.closing) if count and count.reason],
        "reason_label": _("Reason of a difference"),
        "columns": [_("When"), _("Kind"), _("Customer"), _("Reference"), _("Cash"), _("Held after it")],
        "lines": [
            [
                format_datetime(line.created_at), str(line.kind_label), line.customer, line.reference,
                format_number(line.cash_points, signed=True), format_number(line.held_points),
            ]
            for line in report.lines
        ],
        "nothing": _("Nothing was posted."),
        "signatures": [_("Operator"), _("Supervisor")],
    }  # fmt: skip
    return render_pdf("cash_report", facts)


def _counts(report: CashReport) -> list[tuple[str, int]]:
    return [(label, points) for label, points, _signed in _shown(report)]


def _shown(report: CashReport) -> list[tuple[str, int, bool]]:
    """What was counted, with what should have been there and the difference."""
    return [
        row
        for count, label in (
            (report.opening, _("Counted at the beginning")),
            (report.closing, _("Counted at the end")),
        )
        if count is not None
        for row in _count_rows(count, label)
    ]


def _count_rows(count: DrawerCount, label: str) -> list[tuple[str, int, bool]]:
    return [
        (_("Should be in the drawer"), count.expected_points, False),
        (label, count.counted_points, False),
        (_("Difference"), count.difference_points, True),
    ]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text
