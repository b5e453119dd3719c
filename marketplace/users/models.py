from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager as DjangoUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from marketplace.users.permissions import PlatformPermission
from marketplace.users.phones import to_e164, to_national


def new_username() -> str:
    """People sign in by phone or e-mail; the user name is ours alone and says nothing."""
    return uuid.uuid4().hex


def vouch_for_email(user: User) -> None:
    """Take a person's e-mail address as proven, so that signing in asks for no code.

    For accounts that somebody made who may vouch for them: a superuser's, the demo's.
    """
    from allauth.account.models import EmailAddress

    if user.email:
        EmailAddress.objects.update_or_create(
            user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
        )


class UserManager(DjangoUserManager["User"]):
    def create_superuser(
        self,
        username: str | None = None,
        email: str | None = None,
        password: str | None = None,
        **fields: Any,
    ) -> User:
        user = super().create_superuser(username or new_username(), email, password, **fields)
        vouch_for_email(user)
        return user

    def create_user(
        self,
        username: str | None = None,
        email: str | None = None,
        password: str | None = None,
        **fields: Any,
    ) -> User:
        return super().create_user(username or new_username(), email, password, **fields)

    def get_by_phone(self, text: str) -> User:
        """Find a person by a phone number in any spelling.

        Raises:
            InvalidPhone: the text is no phone number.
            User.DoesNotExist: nobody has it.
        """
        return self.get(phone=to_e164(text))


class User(AbstractUser):
    """A person: customer, vendor's member or staff, by the roles that they hold.

    ``point_balance`` reads the wallet; no balance is stored here.
    """

    username = models.CharField(
        _("user name"), max_length=150, unique=True, default=new_username, editable=False
    )
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(
        _("phone"), max_length=20, unique=True, null=True, blank=True, help_text=_("E.164")
    )
    phone_verified = models.BooleanField(_("phone verified"), default=False)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="ar")

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta(AbstractUser.Meta):
        permissions = [(permission.value, str(permission.name)) for permission in PlatformPermission]
        constraints = [
            # People are found by it: a second spelling of a number would be a second person.
            models.CheckConstraint(
                name="users_phone_is_e164",
                condition=models.Q(phone=None) | models.Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                violation_error_message=_("A phone number is kept as +964…"),
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="users_email_once",
                condition=~models.Q(email=""),
                violation_error_message=_("Another account has this e-mail address."),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return (
            self.get_full_name()
            or self.email
            or (to_national(self.phone) if self.phone else self.username[:8])
        )

    @property
    def point_balance(self) -> int:
        """Points that this person can spend now; 1 point = 1 dinar."""
        wallet = getattr(self, "wallet", None)
        return wallet.spendable_points if wallet is not None else 0


def display_name(user: User) -> str:
    """For allauth, which would show the user name."""
    return user.display_name
