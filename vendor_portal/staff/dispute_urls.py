"""Pages under ``/staff/disputes/``."""

from django.urls import path

from vendor_portal.staff import disputes

app_name = "dispute_staff"

urlpatterns = [
    path("", disputes.queue, name="disputes"),
    path("<str:number>/", disputes.dispute, name="dispute"),
    path("<str:number>/message/", disputes.message, name="message"),
    path("<str:number>/ask/", disputes.ask, name="ask"),
    path("<str:number>/decide/", disputes.decide, name="decide"),
    path("<str:number>/photos/<int:pk>/", disputes.photo, name="photo"),
]
