"""What the top-up desk may ask a caller about their orders."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from forked_apps.order.models import Order
from points_payment.caller_questions import Answer, CallerQuestion
from points_payment.codes import ascii_digits


def _last_order(customer_id: int) -> Order | None:
    return Order.objects.filter(user_id=customer_id).order_by("-date_placed", "-pk").first()


def _fields() -> Mapping[str, forms.Field]:
    return {
        "text": forms.CharField(
            label=_("Number or total of the last order"),
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        )
    }


def _is_askable(customer_id: int, operator_id: int) -> bool:
    return Order.objects.filter(user_id=customer_id).exists()


def _check(customer_id: int, answer: Answer) -> bool:
    last = _last_order(customer_id)
    said = ascii_digits(answer["text"].replace(",", "").replace("٬", "").replace("،", ""))
    return last is not None and said in {ascii_digits(last.number), str(last.total_points)}


LAST_ORDER = CallerQuestion(
    slug="last-order",
    label=_("What is the number of the last order, or what did it cost?"),
    fields=_fields,
    is_askable=_is_askable,
    check=_check,
    order=10,
)
