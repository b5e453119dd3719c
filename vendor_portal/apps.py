from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VendorPortalConfig(AppConfig):
    name = "vendor_portal"
    verbose_name = _("Vendor portal")

    def ready(self) -> None:
        from vendor_portal import commission_messages, handlers, money_messages  # noqa: F401 - they register
        from vendor_portal.staff.registration import register

        register()
