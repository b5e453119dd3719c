from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "marketplace.home"
    label = "home"
    verbose_name = _("Home")

    def ready(self) -> None:
        from forked_apps.catalogue.models import Category
        from marketplace.home.categories import forget_menus

        for signal in (post_save, post_delete):
            signal.connect(forget_menus, sender=Category, dispatch_uid="home.forget_menus")
