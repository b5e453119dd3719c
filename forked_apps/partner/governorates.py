"""The governorates stand below every package that names them."""

from django.conf import settings

from marketplace.users.governorates import Governorate

__all__ = ["Governorate", "default_governorate"]


def default_governorate() -> str:
    """Whose delivery charges count where nobody has said where goods should go: lists, and first visits."""
    return str(settings.DEFAULT_GOVERNORATE)
