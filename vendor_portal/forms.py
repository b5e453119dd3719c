"""What people type in the portal; the rules themselves are in the services."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forked_apps.catalogue.models import Product
from forked_apps.order.forms import PiecesForm
from forked_apps.order.models import Line, Return, VendorOrder, VendorOrderStatus
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.partner.permissions import VendorPermission
from forked_apps.shipping.models import ShippingRate
from forked_apps.shipping.weights import WeightField, weight_text
from marketplace.users.fields import ContactField, PhoneField, WordsField, visible
from marketplace.users.numbers import PointsField, WholeNumberField
from marketplace.users.phones import ascii_digits
from vendor_portal.models import VendorRole
from vendor_portal.parcel_forms import TrackingForm
from vendor_portal.services.offers import OfferChanges
from vendor_portal.services.settings import Rate
from vendor_portal.weight_forms import weights_summary

MOST_DAYS = 60


class ShopForm(forms.Form):
    """A shop as customers know it: when applying, and afterwards."""

    name = WordsField(
        label=_("Name of the shop"), max_length=80, help_text=_("Customers read it beside your products.")
    )
    governorate = forms.ChoiceField(label=_("Governorate"), choices=Governorate.choices)
    phone = PhoneField(
        label=_("Phone of the shop"), help_text=_("Couriers and our staff call it; customers don't see it.")
    )
    about = forms.CharField(
        label=_("About the shop"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What you sell, and since when."),
    )

    def clean_about(self) -> str:
        lines: list[str] = self.cleaned_data["about"].splitlines()
        return "\n".join(visible(line) for line in lines).strip()


def shop_initial(vendor: Partner) -> dict[str, str]:
    return {
        "name": vendor.name,
        "governorate": vendor.governorate,
        "phone": vendor.phone,
        "about": vendor.about,
    }


class OrderFilterForm(forms.Form):
    """Of the inbox; a filter that makes no sense is none."""

    OPEN = "open"
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("All orders")), (OPEN, _("To do")), *VendorOrderStatus.choices],
    )
    q = forms.CharField(
        label=_("Order number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "search", "dir": "ltr"}),
    )


class ShipForm(TrackingForm, PiecesForm):
    """A parcel: how many pieces of each line are in it, and with whom it goes."""

    weight = WeightField(
        label=_("Weight in kg"), required=False, help_text=_("As weighed; it stands on the label.")
    )


class CancelForm(PiecesForm):
    """What cannot be delivered, and why."""

    reason = WordsField(label=_("Reason"), max_length=200, help_text=_("The customer reads it."))

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choose at least one piece."), code="nothing")
        return self.cleaned_data


class HandOverForm(PiecesForm):
    """The buyer's code, and what was not taken at the door."""

    all_at_first = False
    code = forms.CharField(
        label=_("The buyer's code"),
        max_length=20,
        help_text=_("Six digits, which the buyer sees on their order."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}),
    )
    reason = WordsField(
        label=_("Why pieces were refused"),
        max_length=200,
        required=False,
        help_text=_("The customer reads it."),
    )

    def clean_code(self) -> str:
        digits = re.sub(r"\s", "", ascii_digits(self.cleaned_data["code"]))
        if not re.fullmatch(r"[0-9]{6}", digits):
            raise forms.ValidationError(_("The code has six digits."), code="no_code")
        return digits

    def clean(self) -> dict[str, Any]:
        if not self.errors and self.quantities and not self.cleaned_data["reason"]:
            self.add_error("reason", _("Say why they were refused."))
        return self.cleaned_data


class AnswerReturnForm(forms.Form):
    """Yes or no to a return, before anyone has seen the goods again."""

    answer = WordsField(
        label=_("Your answer"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("How to send it back, or why not. The customer reads it."),
    )


class SettleReturnForm(PiecesForm):
    """After a look at what came back: how much of it is paid back, and what is on sale again."""

    restock = forms.BooleanField(label=_("Put these pieces back in stock"), required=False)
    deducted = PointsField(
        label=_("Points to deduct"),
        required=False,
        help_text=_("For goods that came back worn; leave it empty otherwise."),
    )
    answer = WordsField(
        label=_("Your answer"), max_length=500, required=False, help_text=_("The customer reads it.")
    )

    def __init__(self, *args: Any, asked: Return, **kwargs: Any) -> None:
        self.lines_asked = {line.line_id: line.quantity for line in asked.return_lines.all()}
        super().__init__(*args, vendor_order=asked.vendor_order, there=self.lines_asked, **kwargs)

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        less = self.cleaned_data["deducted"] or self.quantities != self.lines_asked
        if less and not self.cleaned_data["answer"]:
            self.add_error("answer", _("Say why less than everything is paid back."))
        return self.cleaned_data


class AllowanceForm(forms.Form):
    """Points back for goods that the buyer keeps."""

    line = forms.ModelChoiceField(label=_("Product"), queryset=Line.objects.none(), empty_label=None)
    points = PointsField(label=_("Points to give back"), least=1)
    reason = WordsField(label=_("Reason"), max_length=200, help_text=_("The customer reads it."))

    def __init__(self, *args: Any, vendor_order: VendorOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["line"]
        choice.queryset = Line.objects.filter(vendor_order=vendor_order).order_by("pk")  # type: ignore[attr-defined]
        choice.label_from_instance = lambda line: line.title  # type: ignore[attr-defined]


class OfferFilterForm(forms.Form):
    LOW, PAUSED = "low", "paused"
    q = forms.CharField(
        label=_("Title, SKU or UPC"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("", _("All offers")), (LOW, _("Low stock")), (PAUSED, _("Not on sale"))],
    )


class OfferForm(forms.Form):
    """An offer's fields, as far as the person may change them."""

    price = PointsField(label=_("Price in points"), least=1)
    list_price = PointsField(
        label=_("Price before the discount, in points"),
        required=False,
        least=1,
        help_text=_("Shown struck through. Leave it empty when there is no discount."),
    )
    num_in_stock = WholeNumberField(label=_("Pieces in stock"))
    handling_days = WholeNumberField(
        label=_("Days until you ship"), most=MOST_DAYS, help_text=_("From the order to the courier.")
    )
    weight = WeightField(
        label=_("Shipping weight in kg"), required=False, help_text=_("Of one piece as you pack it.")
    )
    is_active = forms.BooleanField(label=_("On sale"), required=False)
    seen_in_stock = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(
        self, *args: Any, offer: StockRecord, rights: Iterable[VendorPermission], **kwargs: Any
    ) -> None:
        stock = offer.num_in_stock or 0
        kwargs["initial"] = {
            "price": offer.price_points,
            "list_price": int(offer.list_price) if offer.list_price else None,
            "num_in_stock": stock,
            "handling_days": offer.handling_days,
            "weight": offer.weight_grams,
            "is_active": offer.is_active,
            "seen_in_stock": stock,
        }
        super().__init__(*args, **kwargs)
        if VendorPermission.PRODUCTS_EDIT not in rights:
            for name in ("price", "list_price", "handling_days", "weight", "is_active"):
                del self.fields[name]
        elif offer.product.shipping_weight_grams:
            self.fields["weight"].help_text = _(
                "Of one piece as you pack it. Empty: %(weight)s, as the catalogue says."
            ) % {"weight": weight_text(offer.product.shipping_weight_grams)}
        if VendorPermission.STOCK_EDIT not in rights:
            for name in ("num_in_stock", "seen_in_stock"):
                del self.fields[name]
        elif offer.num_allocated:
            self.fields["num_in_stock"].help_text = _(
                "%(number)s of them ordered and waiting to be shipped."
            ) % {"number": offer.num_allocated}

    def clean(self) -> dict[str, Any]:
        check_list_price(self)
        return self.cleaned_data

    @property
    def changes(self) -> OfferChanges:
        data = self.cleaned_data
        return OfferChanges(
            price_points=data.get("price"),
            list_price_points=(data["list_price"] or 0) if "list_price" in data else None,
            handling_days=data.get("handling_days"),
            weight_grams=(data["weight"] or 0) if "weight" in data else None,
            is_active=data.get("is_active"),
            num_in_stock=data.get("num_in_stock"),
            seen_in_stock=data.get("seen_in_stock"),
        )


class NewOfferForm(forms.Form):
    sku = forms.CharField(
        label=_("Your SKU"),
        max_length=60,
        help_text=_("Your own name for it; nobody else sees it."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    price = PointsField(label=_("Price in points"), least=1)
    list_price = PointsField(
        label=_("Price before the discount, in points"),
        required=False,
        least=1,
        help_text=_("Shown struck through. Leave it empty when there is no discount."),
    )
    num_in_stock = WholeNumberField(label=_("Pieces in stock"))
    handling_days = WholeNumberField(
        label=_("Days until you ship"),
        most=MOST_DAYS,
        initial=1,
        help_text=_("From the order to the courier."),
    )

    def __init__(self, *args: Any, product: Product, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"sku": product.upc or ""})
        super().__init__(*args, **kwargs)

    def clean_sku(self) -> str:
        return visible(self.cleaned_data["sku"]).strip()

    def clean(self) -> dict[str, Any]:
        check_list_price(self)
        return self.cleaned_data


def check_list_price(form: forms.Form) -> None:
    price, list_price = form.cleaned_data.get("price"), form.cleaned_data.get("list_price")
    if price and list_price and list_price <= price:
        form.add_error("list_price", _("The price before a discount is higher than the price."))


class InviteForm(forms.Form):
    contact = ContactField(
        help_text=_("The invitation waits for whoever signs in with this number or address."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "none"}),
    )
    role = forms.ModelChoiceField(label=_("Role"), queryset=VendorRole.objects.none(), empty_label=None)

    def __init__(self, *args: Any, roles: Iterable[VendorRole], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids = [role.pk for role in roles]
        self.fields["role"].queryset = VendorRole.objects.filter(pk__in=ids)  # type: ignore[attr-defined]


class MemberRolesForm(forms.Form):
    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=VendorRole.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a role a person opens nothing."),
    )

    def __init__(self, *args: Any, vendor: Partner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].queryset = VendorRole.objects.filter(vendor=vendor)  # type: ignore[attr-defined]


class VendorRoleForm(forms.Form):
    name = WordsField(label=_("Name of the role"), max_length=80)
    permissions = forms.MultipleChoiceField(
        label=_("What these people may do"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, offered: Iterable[VendorPermission], **kwargs: Any) -> None:
        """``offered``: what the person may hand out; opening the portal is part of every role."""
        super().__init__(*args, **kwargs)
        known = set(offered) - {VendorPermission.PORTAL_ACCESS}
        self.fields["permissions"].choices = [  # type: ignore[attr-defined]
            (right.value, right.label) for right in VendorPermission if right in known
        ]

    @property
    def rights(self) -> set[VendorPermission]:
        return {VendorPermission(value) for value in self.cleaned_data["permissions"]}


class RateForm(forms.Form):
    """What one governorate pays; unticked means that the vendor does not deliver there."""

    #: What heavier goods pay, in a line; nothing where the vendor does not deliver yet.
    weights_summary = ""

    delivers = forms.BooleanField(label=_("Delivers there"), required=False)
    charge = PointsField(label=_("Charge in points"), required=False)
    free_from = PointsField(label=_("Free from, in points"), required=False)
    days_min = WholeNumberField(label=_("Days at least"), most=MOST_DAYS, required=False)
    days_max = WholeNumberField(label=_("Days at most"), most=MOST_DAYS, required=False)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("delivers"):
            return data
        for name in ("charge", "days_min", "days_max"):
            if data.get(name) is None and name not in self.errors:
                self.add_error(name, _("Write a number."))
        least, most = data.get("days_min"), data.get("days_max")
        if least is not None and most is not None and least > most:
            self.add_error("days_max", _("Not fewer than the days at least."))
        return data

    @property
    def rate(self) -> Rate | None:
        data = self.cleaned_data
        if not data["delivers"]:
            return None
        return Rate(data["charge"], data["free_from"], data["days_min"], data["days_max"])


def rate_forms(*, vendor: Partner, data: Any = None) -> list[tuple[Governorate, RateForm]]:
    """One form a governorate, filled with what the vendor asks now."""
    kept = ShippingRate.objects.filter(vendor=vendor).prefetch_related("bands")
    rates = {rate.governorate: rate for rate in kept}
    return [
        (governorate, _rate_form(governorate, rates.get(governorate.value), data))
        for governorate in Governorate
    ]


def _rate_form(governorate: Governorate, rate: ShippingRate | None, data: Any) -> RateForm:
    form = RateForm(
        data, prefix=governorate.value, auto_id=f"{governorate.value}_%s", initial=_rate_initial(rate)
    )
    form.weights_summary = weights_summary(rate) if rate else ""
    return form


def _rate_initial(rate: ShippingRate | None) -> dict[str, Any]:
    if rate is None:
        return {"delivers": False, "days_min": 1, "days_max": 3}
    return {
        "delivers": True,
        "charge": rate.charge_points,
        "free_from": rate.free_from_points,
        "days_min": rate.days_min,
        "days_max": rate.days_max,
    }
