"""Who did something, as rows that are kept for good remember it: such a person is never deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable
    from django.utils.functional import _StrPromise

    from marketplace.users.models import User


def person(label: _StrPromise) -> models.ForeignKey[User | Combinable, User]:
    """Somebody, always. Nobody asks a person for all that they did: there is no way back."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, on_delete=models.PROTECT, related_name="+"
    )


def person_or_none(label: _StrPromise) -> models.ForeignKey[User | Combinable | None, User | None]:
    """Somebody, or nobody: it has not been done yet, or it happened by itself."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
