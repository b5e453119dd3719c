"""The demo's phone: what would have been sent, on a page."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.notifications.phonebox import messages_for
from marketplace.users.fields import ContactField

SHOWN = 20


class PhoneForm(forms.Form):
    to = ContactField(label=_("Phone or e-mail"))


@require_safe
@never_cache
def phone(request: HttpRequest) -> HttpResponse:
    """The newest messages of the phone number or address ``to``; exists in the demo alone."""
    if not settings.NUQTA_DEMO:
        raise Http404
    form = PhoneForm(request.GET if "to" in request.GET else None)
    recipient = form.cleaned_data["to"] if form.is_valid() else ""
    return render(
        request,
        "marketplace/demo/phone.html",
        {
            "form": form,
            "recipient": recipient,
            "messages_received": messages_for(recipient)[:SHOWN] if recipient else [],
        },
    )
