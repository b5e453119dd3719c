from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _, ngettext
from oscar.apps.catalogue.reviews.forms import SortReviewsForm, VoteForm

__all__ = ["ProductReviewForm", "SortReviewsForm", "VoteForm"]


def _stars() -> list[tuple[int, str]]:
    return [
        (score, ngettext("%(score)d star", "%(score)d stars", score) % {"score": score})
        for score in range(5, 0, -1)
    ]


class ProductReviewForm(forms.Form):
    score = forms.TypedChoiceField(
        label=_("Your rating"), coerce=int, choices=_stars, widget=forms.RadioSelect
    )
    title = forms.CharField(label=_("In a few words"), max_length=120)
    body = forms.CharField(
        label=_("Your review"),
        widget=forms.Textarea(attrs={"rows": 5}),
        validators=[MaxLengthValidator(4_000)],
        help_text=_("What is good, what is not, and for whom it is."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "body"):
            # What people write has a direction of its own.
            self.fields[name].widget.attrs["dir"] = "auto"
