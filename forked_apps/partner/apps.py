from oscar.apps.partner import apps


class PartnerConfig(apps.PartnerConfig):
    name = "forked_apps.partner"

    def ready(self) -> None:
        super().ready()
        from forked_apps.partner.debts import stop_or_resume_sales
        from points_payment.services.debts import register_sales_watcher

        register_sales_watcher(stop_or_resume_sales)
