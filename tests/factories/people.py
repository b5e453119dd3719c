"""People: customers who signed up and proved a contact. Alice shops, Charlie is a stranger."""

from __future__ import annotations

import itertools

from marketplace.users.models import User, vouch_for_email

PASSWORD = "kahwa-and-dates-7"

_numbers = itertools.count(1)


def a_customer(
    name: str = "Alice",
    *,
    phone: str | None = None,
    email: str = "",
    language: str = "ar",
    verified: bool = True,
) -> User:
    """Someone with a proven phone (one of their own if none is given) and perhaps a proven e-mail."""
    user = User.objects.create_user(
        email=email,
        password=PASSWORD,
        first_name=name,
        phone=phone or f"+964780{next(_numbers):07d}",
        phone_verified=verified,
        language=language,
    )
    if verified:
        vouch_for_email(user)
    return user


def an_email_customer(name: str = "Amal", *, email: str, language: str = "ar", verified: bool = True) -> User:
    """Someone who has no phone."""
    user = User.objects.create_user(email=email, password=PASSWORD, first_name=name, language=language)
    if verified:
        vouch_for_email(user)
    return user
