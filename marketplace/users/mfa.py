from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext_lazy as _

from marketplace.users.models import User
from marketplace.users.phones import to_national


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right."),
        "unverified_email": _("Confirm your e-mail address first."),
        "cannot_delete_authenticator": _("This step cannot be turned off."),
        "cannot_generate_recovery_codes": _("Turn on the authenticator app first."),
    }

    def get_totp_label(self, user: User) -> str:
        """What stands in the authenticator app beside the code; the user name says nothing to people."""
        return user.email or (to_national(user.phone) if user.phone else user.display_name)

    def get_totp_issuer(self) -> str:
        return "Nuqta"
