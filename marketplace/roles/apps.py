from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RolesConfig(AppConfig):
    name = "marketplace.roles"
    label = "roles"
    verbose_name = _("Roles")

    def ready(self) -> None:
        from allauth.account.signals import user_signed_up

        from marketplace.roles.receivers import give_customer_role
        from marketplace.roles.staff.registration import register

        register()
        user_signed_up.connect(give_customer_role, dispatch_uid="give_customer_role")
