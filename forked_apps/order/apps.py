from django.utils.translation import gettext_lazy as _
from oscar.apps.order import apps


class OrderConfig(apps.OrderConfig):
    name = "forked_apps.order"

    def ready(self) -> None:
        from forked_apps.order import handlers  # noqa: F401 - registers them
        from forked_apps.order.caller_questions import LAST_ORDER
        from forked_apps.order.numbers import SHIPPING_REFERENCES
        from forked_apps.order.proof import register_checks
        from forked_apps.payment.points import PointsSource
        from forked_apps.payment.sources import register_source
        from marketplace.users.navigation import StaffLink, register_staff_link
        from marketplace.users.permissions import PlatformPermission
        from points_payment.caller_questions import register_caller_question
        from points_payment.vendor_figures import register_shipping_references

        register_source(PointsSource())
        register_staff_link(
            StaffLink(
                _("Invoices"),
                "invoice_staff:invoices",
                PlatformPermission.CUSTOMERS_VIEW,
                _("Shop"),
                "receipt",
                25,
            )
        )
        register_checks()
        register_caller_question(LAST_ORDER)
        register_shipping_references(SHIPPING_REFERENCES)
