"""What the top-up desk may ask a caller about their address."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from forked_apps.customer.addresses import addresses_of
from marketplace.users.governorates import Governorate
from marketplace.users.models import User
from points_payment.caller_questions import Answer, CallerQuestion


def _usual_governorate(customer_id: int) -> str:
    address = addresses_of(User(pk=customer_id)).first()
    return address.state if address else ""


def _fields() -> Mapping[str, forms.Field]:
    return {
        "governorate": forms.ChoiceField(
            label=_("Governorate of the address"), required=False, choices=[("", "—"), *Governorate.choices]
        )
    }


def _is_askable(customer_id: int, operator_id: int) -> bool:
    return bool(_usual_governorate(customer_id))


def _check(customer_id: int, answer: Answer) -> bool:
    known = _usual_governorate(customer_id)
    return bool(known) and answer["governorate"] == known


GOVERNORATE = CallerQuestion(
    slug="governorate",
    label=_("In which governorate is the usual address?"),
    fields=_fields,
    is_askable=_is_askable,
    check=_check,
    order=20,
)
