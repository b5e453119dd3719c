"""allauth's door to our users: contacts, the messages that carry codes, where people go next."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import Login
from django.conf import settings
from django.core.mail import EmailMessage
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_lazy as _

from marketplace.notifications import phonebox
from marketplace.notifications.sms import SmsNotSent, gateway
from marketplace.users.fields import PhoneField, is_phone
from marketplace.users.language import set_language_cookie
from marketplace.users.models import User, new_username
from marketplace.users.phones import InvalidPhone, to_e164

logger = logging.getLogger("nuqta.sms")

#: allauth's mails whose text also goes to a phone, by the name of their template.
SMS_TEMPLATES = {"account/email/password_reset_code": _("%(code)s is your code for a new password at Nuqta.")}

OWN_EMAIL_STAGE = "marketplace.notifications.stages.EmailVerificationStage"


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "duplicate_email": _("This is your e-mail address already."),
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "phone_password_mismatch": _("The phone number or the password is not right."),
        "username_password_mismatch": _("The phone number or the password is not right."),
        "email_taken": _("Another account has this e-mail address."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_code": _("This code is not right. Look at the newest message that we sent."),
        "incorrect_password": _("This password is not right."),
        "invalid_login": _("The phone number or the password is not right."),
        "invalid_or_expired_key": _("This link is no longer valid."),
        "phone_taken": _("Another account has this phone number."),
        "too_many_login_attempts": _(
            "Too many attempts. Wait a few minutes, then sign in to get a new code."
        ),
        "same_as_current": _("This is what you have already."),
        "rate_limited": _("Please wait half a minute before you ask for another code."),
        "unverified_primary_email": _("Confirm your e-mail address first."),
    }

    # People -----------------------------------------------------------------------------------
    def populate_username(self, request: HttpRequest, user: User) -> None:
        """The user name is ours alone: it is never made of what the person wrote."""
        user.username = user.username or new_username()

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        data = form.cleaned_data
        user.first_name = data.get("name", "")
        user.email = data.get("email") or ""
        user.phone = data.get("phone") or None
        user.language = get_language() or settings.LANGUAGE_CODE
        user.set_password(data["password1"])
        self.populate_username(request, user)
        if commit:
            user.save()
        return user

    # Phones -----------------------------------------------------------------------------------
    def phone_form_field(self, **kwargs: Any) -> PhoneField:
        return PhoneField(**kwargs)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified) if user.phone else None

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        user.phone, user.phone_verified = phone, verified
        user.save(update_fields=["phone", "phone_verified"])

    def set_phone_verified(self, user: User, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> User | None:
        try:
            return User.objects.get_by_phone(phone)
        except (InvalidPhone, User.DoesNotExist):
            return None

    def send_verification_code_sms(self, user: User, phone: str, code: str, **kwargs: Any) -> None:
        self._text(
            phone,
            gettext("%(code)s is your Nuqta code. Give it to nobody: we never ask for it.") % {"code": code},
        )

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Whoever typed the number learns nothing; who holds the phone learns how to get in."""
        self._text(
            phone,
            gettext("You already have a Nuqta account with this number. Sign in: %(url)s")
            % {"url": self.request.build_absolute_uri(reverse("account_login"))},
        )

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Nothing: a stranger's phone is left alone."""

    @staticmethod
    def _text(phone: str, text: str) -> None:
        try:
            gateway().send(phone=phone, text=text)
        except SmsNotSent:
            # The page stays the same for everyone; "send again" is on it.
            logger.warning("A code was not sent.")

    # Mail -------------------------------------------------------------------------------------
    def format_email_subject(self, subject: str) -> str:
        return subject

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of allauth's mails; its password reset may bring a phone number here."""
        if not is_phone(email):
            super().send_mail(template_prefix, email, context)
        elif template_prefix in SMS_TEMPLATES:
            self._text(email, str(SMS_TEMPLATES[template_prefix]) % {"code": context["code"]})

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        mail: EmailMessage = super().render_mail(*args, **kwargs)
        phonebox.keep_mail(mail)
        return mail

    # Signing in -------------------------------------------------------------------------------
    def get_login_stages(self) -> list[str]:
        return [
            OWN_EMAIL_STAGE if path.endswith(".EmailVerificationStage") else path
            for path in super().get_login_stages()
        ]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong passwords are counted by account.

        allauth's own key leaves the phone out, so that all phones would share one counter: five wrong
        passwords would lock everybody out.
        """
        contact = credentials.get("phone") or credentials.get("email") or credentials.get("username") or ""
        try:
            contact = to_e164(contact)
        except InvalidPhone:
            contact = contact.lower()
        return f"login:{contact}"

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            set_language_cookie(response, user.language)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("customer:profile-view")

    def is_login_by_code_required(self, login: Login) -> bool:
        return False
