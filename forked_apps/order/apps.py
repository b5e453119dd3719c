from oscar.apps.order import apps


class OrderConfig(apps.OrderConfig):
    name = "forked_apps.order"

    def ready(self) -> None:
        from forked_apps.order.proof import register_checks
        from forked_apps.payment.points import PointsSource
        from forked_apps.payment.sources import register_source

        register_source(PointsSource())
        register_checks()
