from oscar.apps.shipping import apps


class ShippingConfig(apps.ShippingConfig):
    name = "forked_apps.shipping"
