"""Every address of the project: the only place that knows all packages."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.static import serve

from forked_apps.shipping.destination import set_governorate
from marketplace.users.language import set_language
from vendor_portal.views.home import sell

#: allauth's limits look for it here.
handler429 = "marketplace.users.views.too_many_requests"

# The admin's own sign-in page knows neither second step nor limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def _oscar(label: str) -> Any:
    """The addresses of one of Oscar's applications, or of its fork."""
    return apps.get_app_config(label).urls  # type: ignore[attr-defined]


urlpatterns = [
    path("", include("marketplace.home.urls")),
    path("language/", set_language, name="set_language"),
    path("deliver-to/", set_governorate, name="set_governorate"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("catalogue/", _oscar("catalogue")),
    path("basket/", _oscar("basket")),
    path("checkout/", _oscar("checkout")),
    # Before Oscar's pages of the customer, two of whose addresses it takes over.
    path("account/orders/", include("forked_apps.order.urls")),
    path("account/", _oscar("customer")),
    path("search/", _oscar("search")),
    path("api/", include("forked_apps.api.urls")),
    path("sell/", sell, name="sell"),
    path("portal/", include("vendor_portal.urls")),
    path("wallet/", include("points_payment.urls")),
    path("staff/search/", include("search.staff.urls")),
    path("staff/vendors/", include("vendor_portal.staff.urls")),
    path("staff/commission/", include("vendor_portal.staff.commission_urls")),
    path("staff/invoices/", include("forked_apps.order.invoice_urls")),
    path("staff/disputes/", include("vendor_portal.staff.dispute_urls")),
    path("staff/", include("points_payment.staff.urls")),
    path("staff/", include("marketplace.roles.staff.urls")),
    path("dashboard/", _oscar("dashboard")),
    path("offers/", _oscar("offer")),
]
if settings.NUQTA_DEMO:
    urlpatterns += [path("demo/", include("marketplace.notifications.urls"))]
    urlpatterns += [re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT})]
