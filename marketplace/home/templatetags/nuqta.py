"""Filters and tags of every page: points, dates, stars, fields of forms."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from django import forms, template
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from marketplace.formats import format_date, format_datetime, format_number, format_time

register = template.Library()

Number = int | float | Decimal | str | None

#: Tone of a status badge: every status of the project that a page shows, by its stored value.
STATUS_TONES = {
    "success": {
        "delivered",
        "completed",
        "approved",
        "active",
        "redeemed",
        "released",
        "paid",
        "verified",
        "done",
        "fulfilled",
        "agreed",
        "for_buyer",
    },
    "info": {
        "accepted",
        "packed",
        "shipped",
        "exported",
        "received",
        "generated",
        "stocked",
        "sent",
        "partly_shipped",
        "taken",
        "offered",
        "replacing",
        "returning",
        "decided",
    },
    "warning": {
        "placed",
        "applied",
        "draft",
        "pending",
        "waiting",
        "invited",
        "frozen",
        "low_stock",
        "requested",
        "contacting",
        "evidence",
        "deciding",
        "appealed",
    },
    "danger": {"cancelled", "refused", "suspended", "void", "failed", "rejected", "out_of_stock", "declined"},
}
_TONE_OF = {status: tone for tone, statuses in STATUS_TONES.items() for status in statuses}


def _whole(value: Number) -> int | None:
    """Points as an integer; nothing for what is no number. A fraction never reaches a page."""
    if value is None or value == "":
        return None
    try:
        return int(Decimal(str(value)))
    except (InvalidOperation, ValueError, OverflowError):
        return None


@register.filter
def points(value: Number) -> SafeString:
    """An amount with its unit: ``<bdi>12,500</bdi> points``."""
    return _with_unit(value, signed=False)


@register.filter
def points_signed(value: Number) -> SafeString:
    """A movement: ``<bdi>+12,500</bdi> points``; the sign stands before the digits in every language."""
    return _with_unit(value, signed=True)


def _with_unit(value: Number, *, signed: bool) -> SafeString:
    amount = _whole(value)
    if amount is None:
        return SafeString("")
    # Translators: an amount of points; number is already grouped. Languages with a dual may leave it out.
    text = ngettext("%(number)s point", "%(number)s points", abs(amount))
    # The translation is escaped, the number is digits and separators.
    number = format_html("<bdi>{}</bdi>", format_number(amount, signed=signed))
    return mark_safe('<span class="points">' + escape(text) % {"number": number} + "</span>")  # noqa: S308


@register.filter
def points_bare(value: Number) -> SafeString:
    """An amount without its unit, where a heading or an icon says what it is."""
    amount = _whole(value)
    return SafeString("") if amount is None else format_html("<bdi>{}</bdi>", format_number(amount))


@register.filter
def number(value: Number) -> SafeString:
    """Any number, grouped: ``<bdi>4,265</bdi>``."""
    if value is None or value == "":
        return SafeString("")
    try:
        return format_html("<bdi>{}</bdi>", format_number(Decimal(str(value))))
    except InvalidOperation:
        return SafeString("")


@register.filter
def nuqta_date(value: datetime.date | None) -> str:
    """A date as it is written in Iraq."""
    return format_date(value) if isinstance(value, datetime.date) else ""


@register.filter
def nuqta_datetime(value: datetime.date | None) -> str:
    """A date and time as they are written in Iraq, in Baghdad's time."""
    return format_datetime(value) if isinstance(value, datetime.date) else ""


@register.filter
def nuqta_time(value: datetime.datetime | None) -> str:
    """A time of the day, in Baghdad's time."""
    return format_time(value) if isinstance(value, datetime.datetime) else ""


@register.filter
def stars(rating: float | Decimal | None) -> list[str]:
    """Five icons' names for a rating from 0 to 5, in halves: full, half, empty."""
    halves = round(float(rating or 0) * 2)
    return [
        "star-fill" if halves >= 2 * n else "star-half" if halves == 2 * n - 1 else "star"
        for n in range(1, 6)
    ]


@register.filter
def percent_off(price: Number, list_price: Number) -> int:
    """How much cheaper a price is than the list price, in whole percent, rounded down; 0 where it is not."""
    now, before = _whole(price), _whole(list_price)
    return (before - now) * 100 // before if now is not None and before and before > now else 0


@register.filter
def status_tone(status: object) -> str:
    """``success``, ``info``, ``warning``, ``danger`` or ``neutral``."""
    return _TONE_OF.get(str(getattr(status, "value", status)).lower(), "neutral")


@register.filter
def elided_pages(page: Page[object]) -> Iterator[int | str]:
    """Page numbers around this one, with an ellipsis for the rest."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.filter
def is_choice_list(field: BoundField) -> bool:
    """Whether a field is drawn as a list of radio buttons or check boxes."""
    return isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.simple_tag
def control(field: BoundField, **attrs: str) -> SafeString:
    """A field's widget with the classes of the design system.

    Django itself adds ``aria-describedby`` (help and errors) and ``aria-invalid``.
    """
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        name = "form-check-input"
    elif isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        name = ""
    elif isinstance(widget, forms.Select):
        name = "form-select"
    else:
        name = "form-control"
    classes = [
        str(widget.attrs.get("class", "")),
        name,
        "is-invalid" if field.errors else "",
        attrs.pop("class", ""),
    ]
    given: dict[str, str | bool] = {key.replace("_", "-"): value for key, value in attrs.items()}
    given["class"] = " ".join(part for part in classes if part)
    if getattr(widget, "input_type", "") in {"tel", "email", "url", "password", "number"}:
        # Read from left to right in every language; CSS keeps them at the line's start.
        given.setdefault("dir", "ltr")
    return field.as_widget(attrs=given)
