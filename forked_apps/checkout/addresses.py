"""How an Iraqi address lies in the columns of Oscar's addresses."""

from __future__ import annotations

from dataclasses import dataclass

from oscar.apps.address.models import Country

from forked_apps.partner.governorates import Governorate


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """Where a courier goes. People are found by a landmark; streets have no numbers in most places."""

    full_name: str
    #: E.164.
    phone: str
    #: Code of a :class:`Governorate`.
    governorate: str
    district: str
    landmark: str
    details: str = ""

    def columns(self) -> dict[str, str]:
        """Values of Oscar's ``UserAddress`` and ``ShippingAddress``, but for the country."""
        return {
            "first_name": self.full_name,
            "last_name": "",
            "phone_number": self.phone,
            "state": self.governorate,
            "line4": self.district,
            "line1": self.landmark,
            "line2": self.details,
        }

    @property
    def governorate_name(self) -> str:
        return str(Governorate(self.governorate).label)

    @classmethod
    def from_columns(cls, address: object) -> DeliveryAddress:
        """Read an Oscar address of either model."""
        return cls(
            full_name=address.first_name,  # type: ignore[attr-defined]
            phone=str(address.phone_number or ""),  # type: ignore[attr-defined]
            governorate=address.state,  # type: ignore[attr-defined]
            district=address.line4,  # type: ignore[attr-defined]
            landmark=address.line1,  # type: ignore[attr-defined]
            details=address.line2,  # type: ignore[attr-defined]
        )


def iraq() -> Country:
    """The one country that is delivered to; Oscar's addresses need a row for it."""
    country, _ = Country.objects.get_or_create(
        iso_3166_1_a2="IQ",
        defaults={
            "iso_3166_1_a3": "IRQ",
            "iso_3166_1_numeric": "368",
            "printable_name": "Iraq",
            "name": "Republic of Iraq",
            "is_shipping_country": True,
        },
    )
    return country
