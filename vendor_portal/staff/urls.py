"""Pages under ``/staff/vendors/``."""

from django.urls import path

from vendor_portal.staff import views

app_name = "vendor_staff"

urlpatterns = [
    path("", views.vendors, name="vendors"),
    path("<slug:code>/", views.vendor, name="vendor"),
    path("<slug:code>/approve/", views.approve, name="approve"),
    path("<slug:code>/refuse/", views.refuse, name="refuse"),
    path("<slug:code>/suspend/", views.suspend, name="suspend"),
    path("<slug:code>/reinstate/", views.reinstate, name="reinstate"),
]
