"""Every address of the project: the only place that knows all packages."""

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from marketplace.users.language import set_language
from vendor_portal.views.home import sell

#: allauth's limits look for it here.
handler429 = "marketplace.users.views.too_many_requests"

# The admin's own sign-in page knows neither second step nor limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("marketplace.home.urls")),
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("catalogue/", apps.get_app_config("catalogue").urls),
    path("basket/", apps.get_app_config("basket").urls),
    path("checkout/", apps.get_app_config("checkout").urls),
    # Before Oscar's pages of the customer, two of whose addresses it takes over.
    path("account/orders/", include("forked_apps.order.urls")),
    path("account/", apps.get_app_config("customer").urls),
    path("search/", apps.get_app_config("search").urls),
    path("api/", include("forked_apps.api.urls")),
    path("sell/", sell, name="sell"),
    path("portal/", include("vendor_portal.urls")),
    path("wallet/", include("points_payment.urls")),
    path("staff/vendors/", include("vendor_portal.staff.urls")),
    path("staff/", include("points_payment.staff.urls")),
    path("staff/", include("marketplace.roles.staff.urls")),
    path("dashboard/", apps.get_app_config("dashboard").urls),
    path("offers/", apps.get_app_config("offer").urls),
]
if settings.NUQTA_DEMO:
    urlpatterns += [path("demo/", include("marketplace.notifications.urls"))]
    urlpatterns += [re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT})]
