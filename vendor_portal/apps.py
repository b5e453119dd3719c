from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VendorPortalConfig(AppConfig):
    name = "vendor_portal"
    verbose_name = _("Vendor portal")
