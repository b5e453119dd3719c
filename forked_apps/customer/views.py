"""A person's own pages: where the account begins, and their details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from marketplace.users.forms import ProfileForm
from marketplace.users.language import set_language_cookie
from marketplace.users.models import User


def to_allauth(url_name: str) -> Callable[[HttpRequest], HttpResponse]:
    """A view that leads on to allauth's page of the same purpose and keeps ``?next=`` and the rest."""

    def lead_on(request: HttpRequest) -> HttpResponse:
        response = redirect(url_name)
        if query := request.META.get("QUERY_STRING"):
            response["Location"] += f"?{query}"
        return response

    return lead_on


class AccountHomeView(TemplateView):
    template_name = "oscar/customer/home.html"


class ProfileView(FormView):
    """Name and language to change here; how phone, e-mail, password and the second step stand."""

    template_name = "oscar/customer/profile/profile.html"
    form_class = ProfileForm
    success_url = reverse_lazy("customer:profile-view")
    request: HttpRequest

    @property
    def person(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def get_form_kwargs(self) -> dict[str, Any]:
        # A copy: what is typed wrongly must not show in the page's header.
        return {**super().get_form_kwargs(), "instance": User.objects.get(pk=self.person.pk)}

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        user = form.save()
        messages.success(self.request, _("Your details are saved."))
        response = super().form_valid(form)
        if "language" in form.changed_data:
            set_language_cookie(response, user.language)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        confirmed = EmailAddress.objects.filter(
            user=self.person, email__iexact=self.person.email, verified=True
        )
        return super().get_context_data(
            email_confirmed=bool(self.person.email) and confirmed.exists(),
            second_step=Authenticator.objects.filter(user=self.person).exists(),
            **kwargs,
        )
