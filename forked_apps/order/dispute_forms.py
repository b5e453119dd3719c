"""Forms of a dispute, for all three sides; the rules are in the services."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from forked_apps.order.dispute_models import Dispute, DisputeReason, RemedyKind
from forked_apps.order.forms import PicturesField, PiecesForm
from forked_apps.order.return_models import Side
from forked_apps.order.services.disputes import MOST_PHOTOS
from marketplace.users.fields import WordsField
from marketplace.users.numbers import WholeNumberField


def _photos() -> PicturesField:
    return PicturesField(
        label=_("Photos"),
        most=MOST_PHOTOS,
        required=False,
        help_text=_("Up to five. The buyer, the seller and our staff see them, nobody else."),
    )


class ProblemForm(PiecesForm):
    """What is wrong, and with which pieces."""

    all_at_first = False
    reason = forms.ChoiceField(label=_("Reason"), choices=[], widget=forms.RadioSelect)
    description = WordsField(
        label=_("What is wrong?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The seller reads it."),
    )
    photos = _photos()

    def __init__(self, *args: Any, reasons: Collection[DisputeReason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            (reason.value, reason.label) for reason in DisputeReason if reason in reasons
        ]

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choose at least one piece."), code="nothing")
        return self.cleaned_data

    @property
    def pictures(self) -> list[ContentFile[bytes]]:
        return list(self.cleaned_data["photos"])


class TalkForm(forms.Form):
    """Words and pictures: a message, evidence, an appeal."""

    text = WordsField(label=_("Your message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    photos = _photos()

    @property
    def pictures(self) -> list[ContentFile[bytes]]:
        return list(self.cleaned_data["photos"])


class EscalateForm(TalkForm):
    text = WordsField(
        label=_("What should we know?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It counts as your evidence. Without it we ask you for some."),
    )

    def clean(self) -> dict[str, Any]:
        # Pictures need words, or nobody knows what they show.
        if not self.errors and self.cleaned_data["photos"] and not self.cleaned_data["text"]:
            self.add_error("text", _("Say what the photos show."))
        return self.cleaned_data


class ReasonForm(forms.Form):
    reason = WordsField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The customer reads it."),
    )


class AskForm(forms.Form):
    sides = forms.MultipleChoiceField(
        label=_("Who is asked"),
        choices=[(Side.BUYER.value, Side.BUYER.label), (Side.VENDOR.value, Side.VENDOR.label)],
        widget=forms.CheckboxSelectMultiple,
    )
    question = WordsField(
        label=_("What do you want to know?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Both sides read it."),
    )

    @property
    def asked(self) -> list[Side]:
        return [Side(value) for value in self.cleaned_data["sides"]]


class RemedyForm(forms.Form):
    """An offer or a decision; for a part, how many points of each line and of the way."""

    kind = forms.ChoiceField(label=_("What happens"), choices=[], widget=forms.RadioSelect)
    shipping_points = WholeNumberField(
        label=_("Of the delivery, in points"),
        required=False,
        help_text=_("Only where some points are paid back."),
    )
    reason = WordsField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Both sides read it."),
    )

    def __init__(
        self,
        *args: Any,
        dispute: Dispute,
        kinds: Collection[RemedyKind],
        left: dict[int, int],
        charge_left: int,
        **kwargs: Any,
    ) -> None:
        """``left``: what of each line could be paid back, by line id; ``charge_left``: of the way."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in RemedyKind if kind in kinds]  # type: ignore[attr-defined]
        self.lines = [row.line for row in dispute.dispute_lines.all() if left.get(row.line_id)]
        self.left, self.charge_left = left, charge_left
        for line in self.lines:
            self.fields[f"points_{line.pk}"] = WholeNumberField(
                label=line.title, most=left[line.pk], required=False
            )
        self.fields["shipping_points"].most = charge_left  # type: ignore[attr-defined]

    def line_fields(self) -> list[dict[str, Any]]:
        return [
            {"line": line, "field": self[f"points_{line.pk}"], "left": self.left[line.pk]}
            for line in self.lines
        ]

    def clean(self) -> dict[str, Any]:
        is_part = self.cleaned_data.get("kind") == RemedyKind.PARTIAL
        if is_part and not self.errors and not self.points and not self.charge_points:
            self.add_error("kind", _("Write how many points are paid back."))
        return self.cleaned_data

    @property
    def chosen(self) -> RemedyKind:
        return RemedyKind(self.cleaned_data["kind"])

    @property
    def points(self) -> dict[int, int]:
        """By line id, of lines of which some is paid back."""
        wanted = {line.pk: self.cleaned_data.get(f"points_{line.pk}") for line in self.lines}
        return {pk: points for pk, points in wanted.items() if points}

    @property
    def charge_points(self) -> int:
        return self.cleaned_data.get("shipping_points") or 0
