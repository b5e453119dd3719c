"""Forms about the pieces of an order, for both sides; the rules are in the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import ReturnReason
from forked_apps.order.services.returns import MOST_PHOTOS
from marketplace.uploads import clean_picture
from marketplace.users.fields import WordsField, visible
from marketplace.users.numbers import WholeNumberField


class PiecesForm(forms.Form):
    """So many pieces of each line, of those that are there."""

    #: Whether all pieces are meant until someone says otherwise, or none.
    all_at_first = True

    def __init__(self, *args: Any, vendor_order: VendorOrder, there: dict[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.there = {pk: pieces for pk, pieces in there.items() if pieces}
        self.lines = [line for line in vendor_order.lines.all() if line.pk in self.there]
        for line in self.lines:
            most = self.there[line.pk]
            self.fields[f"line_{line.pk}"] = WholeNumberField(
                label=line.title, most=most, required=False, initial=most if self.all_at_first else 0
            )

    def line_fields(self) -> list[dict[str, Any]]:
        return [
            {"line": line, "field": self[f"line_{line.pk}"], "left": self.there[line.pk]}
            for line in self.lines
        ]

    def other_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("line_")]

    @property
    def quantities(self) -> dict[int, int]:
        """Pieces by line, of lines of which some are meant."""
        wanted = {line.pk: self.cleaned_data.get(f"line_{line.pk}") for line in self.lines}
        return {pk: pieces for pk, pieces in wanted.items() if pieces}


class PicturesField(forms.FileField):
    """Some pictures, checked and written anew; its value is a list of files to keep."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        self.most = most
        widget = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})
        widget.allow_multiple_selected = True
        widget.attrs["multiple"] = True
        super().__init__(widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        uploads = [upload for upload in (data if isinstance(data, list | tuple) else [data]) if upload]
        if len(uploads) > self.most:
            raise forms.ValidationError(
                _("At most %(number)s pictures."), code="too_many", params={"number": self.most}
            )
        return [clean_picture(super(PicturesField, self).clean(upload, initial)) for upload in uploads]


class ReturnForm(PiecesForm):
    """What the buyer wants to send back, and why."""

    all_at_first = False
    reason = forms.ChoiceField(label=_("Reason"), choices=ReturnReason.choices, widget=forms.RadioSelect)
    description = WordsField(
        label=_("What is wrong?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The seller reads it."),
    )
    photos = PicturesField(
        label=_("Photos"),
        most=MOST_PHOTOS,
        required=False,
        help_text=_("Up to five. The seller and our staff see them, nobody else."),
    )

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choose at least one piece."), code="nothing")
        return self.cleaned_data

    @property
    def pictures(self) -> list[ContentFile[bytes]]:
        return list(self.cleaned_data["photos"])


class SendReturnForm(forms.Form):
    carrier = forms.CharField(label=_("Carrier"), max_length=80, required=False)
    tracking_code = forms.CharField(
        label=_("Tracking code"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        return {name: visible(value).strip() for name, value in self.cleaned_data.items()}


class MessageForm(forms.Form):
    text = WordsField(label=_("Your message"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
