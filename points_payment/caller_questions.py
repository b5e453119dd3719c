"""Questions by which an operator verifies a caller.

The operator types what the caller says and the system compares: no answer is ever shown. Packages above
register what only they know; here is what the books know themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from points_payment.models import TopUp

if TYPE_CHECKING:
    from django import forms
    from django.utils.functional import _StrPromise

#: What the caller said, by field of the question.
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallerQuestion:
    slug: str
    label: str | _StrPromise
    #: Form fields by name, made anew each time; all of them have to be answered.
    fields: Callable[[], Mapping[str, forms.Field]]
    #: Whether there is an answer that this operator cannot know from their own work: (customer, operator).
    is_askable: Callable[[int, int], bool]
    #: Whether the caller is right: (customer, answer).
    check: Callable[[int, Answer], bool]
    order: int = 100


_questions: dict[str, CallerQuestion] = {}


def register_caller_question(question: CallerQuestion) -> None:
    """Let operators ask this too; the same slug again replaces the question."""
    _questions[question.slug] = question


def askable_questions(*, customer_id: int, operator_id: int) -> list[CallerQuestion]:
    """What this operator may ask about this customer, in order."""
    return sorted(
        (question for question in _questions.values() if question.is_askable(customer_id, operator_id)),
        key=lambda question: question.order,
    )


def right_answers(
    *, questions: Sequence[CallerQuestion], customer_id: int, answers: Mapping[str, Answer]
) -> list[str]:
    """Slugs of the questions whose answer is right."""
    return [
        question.slug
        for question in questions
        if question.slug in answers and question.check(customer_id, answers[question.slug])
    ]


# The last top-up ----------------------------------------------------------------------------


def _last_top_up(customer_id: int) -> TopUp | None:
    return TopUp.objects.filter(customer_id=customer_id).first()


def _last_top_up_fields() -> Mapping[str, forms.Field]:
    from django import forms

    from marketplace.users.numbers import PointsField

    return {
        "amount": PointsField(label=_("Points of the last top-up"), least=1, required=False),
        "day": forms.DateField(
            label=_("Day of the last top-up"),
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d"],
        ),
    }


def _last_top_up_is_askable(customer_id: int, operator_id: int) -> bool:
    """An operator sees their own top-ups, so only somebody else's last one proves anything."""
    last = _last_top_up(customer_id)
    return last is not None and last.operator_id != operator_id


def _is_last_top_up(customer_id: int, answer: Answer) -> bool:
    last = _last_top_up(customer_id)
    day: date | None = answer["day"]
    return (
        last is not None
        and answer["amount"] == last.amount_points
        and day == timezone.localdate(last.created_at)
    )


LAST_TOP_UP = CallerQuestion(
    slug="last-top-up",
    label=_("How much was the last top-up, and on which day?"),
    fields=_last_top_up_fields,
    is_askable=_last_top_up_is_askable,
    check=_is_last_top_up,
    order=30,
)
