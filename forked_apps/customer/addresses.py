"""A person's address book. Every query starts from the person: another's address answers 404."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST
from django.views.generic import DeleteView, FormView, ListView
from oscar.apps.address.models import UserAddress

from forked_apps.checkout.addresses import DeliveryAddress, iraq
from forked_apps.checkout.forms import DeliveryAddressForm
from marketplace.users.models import User


def addresses_of(user: User) -> QuerySet[UserAddress]:
    """The default first, then the ones used most."""
    return UserAddress.objects.filter(user=user).order_by(
        "-is_default_for_shipping", "-num_orders_as_shipping_address", "-pk"
    )


class AddressExists(Exception):
    """The person has this very address already."""


@transaction.atomic
def save_address(
    *, user: User, delivery: DeliveryAddress, is_default: bool, address: UserAddress | None = None
) -> UserAddress:
    """Add an address to the person's book, or change one of it. The first one is the default.

    Raises:
        AddressExists: another row of the book says the same.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    others = UserAddress.objects.filter(user=user)
    if address is not None:
        others = others.exclude(pk=address.pk)
    address = address or UserAddress(user=user, country=iraq())
    for column, value in delivery.columns().items():
        setattr(address, column, value)
    address.is_default_for_shipping = is_default or not others.filter(is_default_for_shipping=True).exists()
    try:
        with transaction.atomic():
            address.save()
    except IntegrityError:
        raise AddressExists from None
    return address


@transaction.atomic
def delete_address(*, address: UserAddress) -> None:
    """Delete it; if it was the default, the one used most becomes the default."""
    user, was_default = address.user, address.is_default_for_shipping
    address.delete()
    if was_default and (heir := addresses_of(user).first()):
        heir.is_default_for_shipping = True
        heir.save()


class AddressForm(DeliveryAddressForm):
    is_default = forms.BooleanField(label=gettext_lazy("Deliver here by default"), required=False)


class _OwnAddresses:
    request: HttpRequest
    kwargs: dict[str, Any]

    @property
    def person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def get_queryset(self) -> QuerySet[UserAddress]:
        return addresses_of(self.person)


class AddressListView(_OwnAddresses, ListView):
    template_name = "oscar/customer/address/address_list.html"
    context_object_name = "addresses"
    paginate_by = 24

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["cards"] = [
            (address, DeliveryAddress.from_columns(address)) for address in context["addresses"]
        ]
        return context


class _AddressFormView(_OwnAddresses, FormView):
    template_name = "oscar/customer/address/address_form.html"
    form_class = AddressForm

    @cached_property
    def address(self) -> UserAddress | None:
        return None

    def get_success_url(self) -> str:
        """Back to where the person came from (the checkout), or to the book."""
        wanted = self.request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )
        return wanted if safe else str(reverse_lazy("customer:address-list"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self.request.POST.get("next") or self.request.GET.get("next", "")
        return super().get_context_data(address=self.address, next=wanted, **kwargs)

    def form_valid(self, form: AddressForm) -> HttpResponse:
        try:
            save_address(
                user=self.person,
                delivery=form.address(),
                is_default=form.cleaned_data["is_default"],
                address=self.address,
            )
        except AddressExists:
            form.add_error(None, _("This address is in your address book already."))
            return self.form_invalid(form)
        messages.success(self.request, _("The address is saved."))
        return super().form_valid(form)


class AddressCreateView(_AddressFormView):
    def get_initial(self) -> dict[str, Any]:
        return {"full_name": self.person.get_full_name(), "phone": self.person.phone or ""}


class AddressUpdateView(_AddressFormView):
    @cached_property
    def address(self) -> UserAddress:
        return get_object_or_404(self.get_queryset(), pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {
            **DeliveryAddressForm.initial_from(self.address),
            "is_default": self.address.is_default_for_shipping,
        }


class AddressDeleteView(_OwnAddresses, DeleteView):
    template_name = "oscar/customer/address/address_delete.html"
    context_object_name = "address"
    success_url = reverse_lazy("customer:address-list")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(delivery=DeliveryAddress.from_columns(self.object), **kwargs)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        delete_address(address=self.object)
        messages.success(self.request, _("The address is deleted."))
        return redirect(self.get_success_url())


@require_POST
@login_required
def make_default(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    address = get_object_or_404(addresses_of(request.user), pk=pk)
    address.is_default_for_shipping = True
    address.save()
    messages.success(request, _("We deliver to this address by default now."))
    return redirect("customer:address-list")
