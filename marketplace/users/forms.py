"""Our fields in allauth's forms: one field for phone or e-mail, codes in any digits."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.password_reset_by_code import PasswordResetVerificationProcess
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from marketplace.users.fields import CodeField, ContactField, PhoneField, WordsField, is_phone
from marketplace.users.models import User

PASSWORD_HELP = _("At least 8 characters, and not one that everyone uses.")


def _password_field(label: Any, *, autocomplete: str, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(
            attrs={"autocomplete": autocomplete, "dir": "ltr", "data-password": "show"}
        ),
    )


class LoginForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            # The cleaned value is E.164 or lower case, so that the limit of wrong passwords counts
            # attempts on an account and not on a spelling.
            "login": ContactField(),
            "password": _password_field(_("Password"), autocomplete="current-password"),
        }


class SignUpForm(account_forms.SignupForm):
    """Phone or e-mail, name, password."""

    account_already_exists: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            "contact": ContactField(help_text=_("We send a code there, to see that it is yours.")),
            "name": WordsField(
                label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
            ),
            "password1": _password_field(_("Password"), autocomplete="new-password", help_text=PASSWORD_HELP),
        }

    def clean_contact(self) -> str:
        contact: str = self.cleaned_data["contact"]
        # allauth's flows look for these two.
        self.cleaned_data["phone"] = contact if is_phone(contact) else ""
        self.cleaned_data["email"] = "" if is_phone(contact) else self.validate_unique_email(contact)
        return contact

    def clean(self) -> dict[str, Any]:
        super().clean()
        if "password1" in self.cleaned_data:
            try:
                get_adapter().clean_password(self.cleaned_data["password1"], user=self._person())
            except ValidationError as error:
                self.add_error("password1", error)
        return self.cleaned_data

    def _person(self) -> User:
        return User(
            first_name=self.cleaned_data.get("name", ""),
            phone=self.cleaned_data.get("phone") or None,
            email=self.cleaned_data.get("email") or "",
        )

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            # As slow as making an account, so that time does not tell who has one.
            User().set_password(self.cleaned_data["password1"])
            return super().try_save(request)
        try:
            with transaction.atomic():
                return super().try_save(request)
        except IntegrityError:
            # Somebody signed up with the same number or address in this moment.
            self.account_already_exists = True
            return super().try_save(request)


class PasswordResetForm(account_forms.ResetPasswordForm):
    """By code to a phone or an e-mail address.

    allauth resets by e-mail only; its process carries whatever address it is given to
    ``AccountAdapter.send_mail``, which sends a phone number an SMS.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"email": ContactField()}

    def clean_email(self) -> str:
        contact: str = self.cleaned_data["email"]
        if is_phone(contact):
            self.users = list(User.objects.filter(phone=contact, is_active=True))
            return contact
        return super().clean_email()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        contact: str = self.cleaned_data["email"]
        PasswordResetVerificationProcess.initiate(
            request=request, user=self.users[0] if self.users else None, email=contact
        )
        return contact


class ChangePhoneForm(account_forms.ChangePhoneForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"] = PhoneField(label=_("New phone number"))


class AddEmailForm(account_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = forms.EmailField(
            label=_("New e-mail address"),
            widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
        )


class ChangePasswordForm(account_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = _password_field(_("Current password"), autocomplete="current-password")
        _replace_new_passwords(self)


class SetPasswordForm(account_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _replace_new_passwords(self)


class NewPasswordForm(account_forms.ResetPasswordKeyForm):
    """The new password after a reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _replace_new_passwords(self)


class ReauthenticateForm(account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = _password_field(_("Password"), autocomplete="current-password")


def _replace_new_passwords(form: forms.Form) -> None:
    """Our labels on allauth's fields, which keep their check of the password's strength."""
    first = form.fields["password1"]
    first.label, first.help_text = _("New password"), PASSWORD_HELP
    first.widget = forms.PasswordInput(
        attrs={"autocomplete": "new-password", "dir": "ltr", "data-password": "show"}
    )
    form.fields["password2"] = _password_field(_("New password, again"), autocomplete="new-password")


class _TypedCode:
    """Any keyboard's digits; mixed in before a form of allauth that asks for a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"code": CodeField()}


class ConfirmPhoneForm(_TypedCode, account_forms.VerifyPhoneForm):
    pass


class ConfirmEmailForm(_TypedCode, account_forms.ConfirmEmailVerificationCodeForm):
    pass


class ConfirmPasswordResetForm(_TypedCode, account_forms.ConfirmPasswordResetCodeForm):
    pass


class ConfirmLoginForm(_TypedCode, account_forms.ConfirmLoginCodeForm):
    pass


class SecondStepForm(_TypedCode, mfa_forms.AuthenticateForm):
    pass


class SecondStepAgainForm(_TypedCode, mfa_forms.ReauthenticateForm):
    pass


class ActivateAuthenticatorForm(_TypedCode, totp_forms.ActivateTOTPForm):
    pass


class ProfileForm(forms.ModelForm):
    """What a person may change of themselves without a proof; phone and e-mail need a code."""

    first_name = WordsField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    class Meta:
        model = User
        fields = ("first_name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["first_name"] = self.instance.get_full_name()

    def save(self, commit: bool = True) -> User:
        # One name here; what an older account kept in two fields is now in the first.
        self.instance.last_name = ""
        return super().save(commit)
