from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "marketplace.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from allauth.account.signals import password_reset

        from marketplace.notifications import dispute_words, handlers  # noqa: F401 - registers them
        from marketplace.notifications.receivers import forget_wrong_passwords

        password_reset.connect(forget_wrong_passwords, dispatch_uid="forget_wrong_passwords")
