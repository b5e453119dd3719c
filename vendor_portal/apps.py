from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VendorPortalConfig(AppConfig):
    name = "vendor_portal"
    verbose_name = _("Vendor portal")

    def ready(self) -> None:
        from vendor_portal import handlers  # noqa: F401 - registers them
        from vendor_portal.staff.registration import register

        register()
