"""The governorates stand below every package that names them."""

from marketplace.users.governorates import Governorate

__all__ = ["Governorate"]
