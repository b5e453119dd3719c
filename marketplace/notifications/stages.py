"""Steps between a right password and being signed in."""

from __future__ import annotations

from typing import Any

from allauth.account import stages
from django.http import HttpResponse

from marketplace.users.models import User


class EmailVerificationStage(stages.EmailVerificationStage):
    """Asks for the code that was sent to the e-mail address, of people who came by e-mail.

    allauth asks everybody for a verified address or nobody. Here one proven contact is enough: who
    signed up by phone has no address, and proved the number in the step before.
    """

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user: Any = self.login.user
        if isinstance(user, User) and not self.login.email and user.phone and user.phone_verified:
            return None, True
        if isinstance(user, User) and not user.phone and not user.email:
            # Nothing to prove: an account that staff made without a contact.
            return None, True
        return super().handle()
