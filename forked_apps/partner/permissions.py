"""What a person may do for one vendor, whatever vendor role gives it.

They are object permissions of guardian on the vendor (Oscar's ``Partner``); ``vendor_portal``
gives and checks them.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class VendorPermission(models.TextChoices):
    """Each value is a codename on ``partner``; each label a sentence that a person understands."""

    PORTAL_ACCESS = "portal_access", _("Open this vendor's portal")
    PRODUCTS_VIEW = "products_view", _("See products and offers")
    PRODUCTS_EDIT = "products_edit", _("Propose products and edit offers and prices")
    STOCK_EDIT = "stock_edit", _("Change the number in stock")
    ORDERS_VIEW = "orders_view", _("See orders, with the buyer's delivery address")
    ORDERS_SHIP = "orders_ship", _("Accept, pack and ship orders")
    ORDERS_CANCEL = "orders_cancel", _("Cancel what cannot be delivered, answer returns and give points back")
    MONEY_VIEW = "money_view", _("See sales, commission and balances")
    MONEY_MANAGE = "money_manage", _("Ask for payouts, say where they go, and answer statements")
    SETTINGS_EDIT = "settings_edit", _("Edit the vendor's details and shipping rates")
    MEMBERS_MANAGE = "members_manage", _("Invite people, and create and give roles")

    @property
    def full_name(self) -> str:
        """As ``has_perm(…, vendor)`` wants it."""
        return f"partner.{self.value}"
