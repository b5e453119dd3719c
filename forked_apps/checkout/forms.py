"""Forms of the checkout, used by the address book as well."""

from __future__ import annotations

from dataclasses import fields

from django import forms
from django.utils.translation import gettext_lazy as _

from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.partner.governorates import Governorate
from marketplace.users.fields import PhoneField, WordsField


class DeliveryAddressForm(forms.Form):
    """An address a courier in Iraq can find. ``address()`` is what placement wants."""

    full_name = WordsField(
        label=_("Full name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = PhoneField(help_text=_("The courier calls this number."))
    governorate = forms.ChoiceField(
        label=_("Governorate"),
        choices=[("", _("Choose a governorate")), *Governorate.choices],
        widget=forms.Select(attrs={"autocomplete": "address-level1"}),
        error_messages={"invalid_choice": _("Choose one of the governorates of the list.")},
    )
    district = WordsField(
        label=_("District or neighbourhood"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    landmark = WordsField(
        label=_("Nearest landmark"),
        max_length=200,
        help_text=_("A mosque, school, shop or clinic that everyone there knows."),
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    details = forms.CharField(
        label=_("Street, house, floor"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )

    @staticmethod
    def initial_from(address: object) -> dict[str, str]:
        """Initial values from an Oscar address (``UserAddress`` or ``ShippingAddress``)."""
        stored = DeliveryAddress.from_columns(address)
        return {
            "full_name": stored.full_name,
            "phone": stored.phone,
            "governorate": stored.governorate,
            "district": stored.district,
            "landmark": stored.landmark,
            "details": stored.details,
        }

    def address(self) -> DeliveryAddress:
        """The valid form's address."""
        return DeliveryAddress(
            **{field.name: self.cleaned_data[field.name] for field in fields(DeliveryAddress)}
        )
