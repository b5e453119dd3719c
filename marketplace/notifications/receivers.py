from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from marketplace.users.models import User


def forget_wrong_passwords(*, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """After a reset by phone the person may sign in at once; allauth thinks of e-mail addresses only."""
    if user.phone:
        get_adapter(request)._delete_login_attempts_cached_email(request, phone=user.phone)
