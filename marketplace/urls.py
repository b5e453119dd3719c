"""Every address of the project: the only place that knows all packages."""

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.i18n import set_language
from django.views.static import serve

urlpatterns = [
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("catalogue/", apps.get_app_config("catalogue").urls),
    path("basket/", apps.get_app_config("basket").urls),
    path("checkout/", apps.get_app_config("checkout").urls),
    path("account/", apps.get_app_config("customer").urls),
    path("search/", apps.get_app_config("search").urls),
    path("dashboard/", apps.get_app_config("dashboard").urls),
    path("offers/", apps.get_app_config("offer").urls),
    path("wishlists/", apps.get_app_config("wishlists").urls),
]
if settings.NUQTA_DEMO:
    urlpatterns += [re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT})]
