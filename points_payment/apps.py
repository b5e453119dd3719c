from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PointsPaymentConfig(AppConfig):
    name = "points_payment"
    verbose_name = _("Points")

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from points_payment import checks, handlers  # noqa: F401 - they register
        from points_payment.caller_questions import LAST_TOP_UP, register_caller_question
        from points_payment.services.statements import plan_once
        from points_payment.staff.registration import register

        connection_created.connect(plan_once)
        register()
        register_caller_question(LAST_TOP_UP)
