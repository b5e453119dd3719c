"""What the top-up desk may ask a caller about their address."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _
from oscar.apps.address.models import UserAddress

from marketplace.users.governorates import Governorate
from points_payment.caller_questions import Answer, CallerQuestion


def _default_governorate(customer_id: int) -> str:
    address = UserAddress.objects.filter(user_id=customer_id, is_default_for_shipping=True).first()
    return address.state if address else ""


def _fields() -> Mapping[str, forms.Field]:
    return {
        "governorate": forms.ChoiceField(
            label=_("Governorate of the address"), required=False, choices=[("", "—"), *Governorate.choices]
        )
    }


def _is_askable(customer_id: int, operator_id: int) -> bool:
    return bool(_default_governorate(customer_id))


def _check(customer_id: int, answer: Answer) -> bool:
    known = _default_governorate(customer_id)
    return bool(known) and answer["governorate"] == known


GOVERNORATE = CallerQuestion(
    slug="governorate",
    label=_("In which governorate is the usual address?"),
    fields=_fields,
    is_askable=_is_askable,
    check=_check,
    order=20,
)
