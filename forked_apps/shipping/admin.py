import oscar.apps.shipping.admin  # noqa: F401 - registers Oscar's own methods
from django.contrib import admin

from forked_apps.shipping.models import Carrier, ShippingRate


@admin.register(ShippingRate)
class ShippingRateAdmin(admin.ModelAdmin[ShippingRate]):
    list_display = ("vendor", "governorate", "charge_points", "free_from_points", "days_min", "days_max")
    list_filter = ("governorate",)
    list_select_related = ("vendor",)
    search_fields = ("vendor__name",)


@admin.register(Carrier)
class CarrierAdmin(admin.ModelAdmin[Carrier]):
    list_display = ("name", "tracking_link")
    search_fields = ("name",)
