"""Pages under ``/staff/invoices/``."""

from django.urls import path

from forked_apps.order import invoice_views

app_name = "invoice_staff"
urlpatterns = [
    path("", invoice_views.staff_invoices, name="invoices"),
    path("<str:number>/<str:language>/", invoice_views.staff_invoice, name="invoice"),
]
