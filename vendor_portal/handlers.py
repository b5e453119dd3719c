"""What of the outbox the portal carries out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import translation

from marketplace.notifications.services import notify
from marketplace.outbox.registry import handles
from marketplace.users.models import User
from vendor_portal.models import VendorInvitation


@handles("vendor.invited")
def tell_invited(payload: dict[str, Any]) -> None:
    """Tell whoever has the phone or e-mail that a team waits for them; twice does no harm."""
    invitation = VendorInvitation.objects.select_related("vendor", "role").get(pk=payload["invitation_id"])
    if invitation.accepted_at or invitation.closed_at:
        return
    about = f"vendor.invited:{invitation.pk}"
    user = (
        User.objects.filter(phone=invitation.phone, phone_verified=True).first()
        if invitation.phone
        else User.objects.filter(email__iexact=invitation.email).first()
    )
    # The role's name in the language in which the message will be.
    with translation.override(user.language if user else settings.LANGUAGE_CODE):
        facts = {"vendor": invitation.vendor.name, "role": invitation.role.name}
        if user is not None:
            notify(kind="team.invited", about=about, facts=facts, user=user)
        else:
            notify(
                kind="team.invited", about=about, facts=facts, phone=invitation.phone, email=invitation.email
            )
