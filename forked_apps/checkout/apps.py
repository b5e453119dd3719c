from oscar.apps.checkout import apps


class CheckoutConfig(apps.CheckoutConfig):
    name = "forked_apps.checkout"
